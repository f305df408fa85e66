"""Values from host to host: who may ask, what is thrown away, and how what broke off goes on. All on this machine."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from phelps_jupyter.adapters.ipyparallel.authority import Authority
from phelps_jupyter.runtime import berth, carrier, objects, values, wire
from phelps_jupyter.runtime.arrival import Arrival, Wrong, sum_of
from phelps_jupyter.runtime.carrier import Carrier, Unfetched
from phelps_jupyter.runtime.depot import Answer, Depot
from phelps_jupyter.runtime.home_depot import HomeDepot
from phelps_jupyter.runtime.places import Haul, Offer, Place, Source
from phelps_jupyter.runtime.wire import Wire, Words

HERE = "127.0.0.1"
BIG = bytes(range(256)) * 20_000
DIGEST = "0123456789abcdef"


class Side:
    """A host: its store, and its credentials, which an authority has signed."""

    def __init__(self, root: Path, name: str, authority: Authority) -> None:
        self.name = name
        self.store = str(root / name)
        objects.make_folder(self.store)
        certificate, self.fingerprint = authority.sign(name, berth.new_key(f"{self.store}/{wire.KEY}"))
        Path(self.store, wire.CERTIFICATE).write_text(certificate)
        Path(self.store, wire.AUTHORITY).write_text(authority.certificate)
        self.depots: list[Depot] = []

    def serve(self, **answers: Answer) -> Place:
        depot = Depot(self.store, self.store, HERE, answers)
        depot.open()
        self.depots.append(depot)
        return Place(self.name, self.name, HERE, depot.port, self.fingerprint)

    def keep(self, data: bytes = BIG) -> str:
        values.write_bytes(data, DIGEST, self.store)
        return objects.object_path(DIGEST, self.store)

    def bring(self, *offers: Offer) -> Haul:
        return Carrier(self.store, self.store).bring([Source(DIGEST, offers)])


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Side]]:
    authority, made = Authority(), list[Side]()

    def side(name: str, by: Authority = authority) -> Side:
        made.append(Side(tmp_path, name, by))
        return made[-1]

    yield side
    for one in made:
        for depot in one.depots:
            depot.close()


def test_an_object_comes_whole(make: Callable[..., Side]) -> None:
    one, two = make("one"), make("two")
    path = one.keep()
    assert two.bring(Offer(one.serve(), sum_of(path))) == Haul((DIGEST,))
    assert values.read_bytes(DIGEST, two.store) == BIG
    assert two.bring() == Haul()
    assert not list(Path(two.store, "objects").glob(".new-*"))


def test_who_shows_no_certificate_of_this_kernel_gets_nothing(make: Callable[..., Side]) -> None:
    one, stranger = make("one"), make("stranger", Authority())
    place = one.serve()
    Path(stranger.store, wire.AUTHORITY).write_text(Path(one.store, wire.AUTHORITY).read_text())
    one.keep()
    with pytest.raises(Unfetched) as told:
        stranger.bring(Offer(place))
    assert told.value.haul.missing == (DIGEST,)
    assert not objects.stored_size(DIGEST, stranger.store)


def test_whoever_stands_at_another_s_address_is_not_believed(make: Callable[..., Side]) -> None:
    one, two, three = make("one"), make("two"), make("three")
    one.keep()
    posing = replace(one.serve(), fingerprint=three.fingerprint)
    with pytest.raises(Unfetched, match="shows another certificate"):
        two.bring(Offer(posing))
    with pytest.raises(ssl.SSLError):
        wire.connect(one.serve(), make("stranger", Authority()).store)


def test_what_broke_off_goes_on_from_where_it_was(make: Callable[..., Side]) -> None:
    one, two = make("one"), make("two")
    path = one.keep()
    starts = []

    def break_off(connection: Wire, words: Words) -> None:
        connection.tell(size=Path(path).stat().st_size, sum=sum_of(path))
        starts.append(connection.hear()["start"])
        end = Path(path).stat().st_size if len(starts) > 1 else 3 << 20
        connection.send_file(path, starts[-1], end)
        if len(starts) == 1:
            assert objects.stored_size(words["digest"], two.store) == 0
            raise ConnectionError("the cable was pulled")

    assert two.bring(Offer(one.serve(get=break_off))).brought == (DIGEST,)
    assert starts == [0, 3 << 20]
    assert values.read_bytes(DIGEST, two.store) == BIG


def test_what_is_wrong_is_thrown_away_and_had_from_elsewhere(make: Callable[..., Side]) -> None:
    one, two, three = make("one"), make("two"), make("three")
    one.keep()
    path = three.keep(b"?" + BIG[1:])

    def lie(connection: Wire, words: Words) -> None:
        connection.tell(size=Path(path).stat().st_size, sum=sum_of(objects.object_path(words["digest"], one.store)))
        connection.send_file(path, connection.hear()["start"], Path(path).stat().st_size)

    haul = two.bring(Offer(three.serve(get=lie)), Offer(one.serve()))
    assert values.read_bytes(DIGEST, two.store) == BIG
    assert [remark.partition(":")[0] for remark in haul.remarks] == ["from three", "from three"]
    assert "it was thrown away" in haul.remarks[0]


def test_a_copy_that_is_not_as_it_was_made_is_not_even_sent(make: Callable[..., Side]) -> None:
    one, two = make("one"), make("two")
    one.keep(b"?" + BIG[1:])
    with pytest.raises(Unfetched, match="has been altered on its disk"):
        two.bring(Offer(one.serve(), sum="0" * 32))


def test_who_can_t_be_reached_is_told_and_asked_once(make: Callable[..., Side]) -> None:
    one, two = make("one"), make("two")
    nobody = replace(one.serve(), name="nobody", port=1)
    one.keep()
    haul = two.bring(Offer(nobody), Offer(nobody), Offer(one.serve()))
    assert (haul.brought, haul.unreached, len(haul.remarks)) == ((DIGEST,), ("nobody",), 1)


def test_where_there_is_no_room_nothing_is_called_missing(
    make: Callable[..., Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = make("one"), make("two")
    one.keep()
    place = one.serve()

    class Full(Arrival):
        def begin(self, summed: str) -> int:
            start = super().begin(summed)
            assert self._part is not None
            self._part.close()
            self._part = open("/dev/full", "wb", buffering=0)  # noqa: SIM115  # closed with the arrival
            return start

    monkeypatch.setattr(carrier, "Arrival", Full)
    with pytest.raises(Unfetched, match="there is no place for it in") as told:
        two.bring(Offer(place))
    assert told.value.haul.missing == ()


def test_who_waits_at_a_place_does_so_for_no_longer_than_is_any_good(
    make: Callable[..., Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = make("one"), make("two")

    def put_off(connection: Wire, words: Words) -> None:
        for _ in range(50):
            connection.tell(wait=True)
        connection.tell(error=f"{words['digest']} never came")

    monkeypatch.setattr(carrier, "WAIT", 0.0)
    with pytest.raises(Unfetched, match="it was waited for there for 0 s"):
        two.bring(Offer(one.serve(get=put_off)))


def test_what_a_host_was_to_send_it_is_told_again_when_it_comes_back(
    make: Callable[..., Side], capsys: pytest.CaptureFixture[str]
) -> None:
    far, here = make("far"), make("here")
    home = HomeDepot(here.store, here.store, HERE)
    home.open()
    port = json.loads(capsys.readouterr().out)["ready"]
    first, second = (wire.connect(Place("here", "here", HERE, port, here.fingerprint), far.store) for _ in range(2))
    first.tell(ask="next", port=1)
    assert "nothing" in first.hear()
    home.obey({"want": DIGEST, "of": "far"})
    first.tell(ask="next", port=1)
    assert first.hear() == {"want": DIGEST}
    second.tell(ask="next", port=1)
    assert second.hear() == {"want": DIGEST}
    first.close()
    second.tell(ask="next", port=1, gone=[DIGEST])
    assert "nothing" in second.hear()
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["failed"] == DIGEST
    second.close()
    home.close()


def test_two_that_need_one_object_bring_it_once(make: Callable[..., Side]) -> None:
    one, two = make("one"), make("two")
    one.keep()
    place, hauls = one.serve(), list[Haul]()
    both = [threading.Thread(target=lambda: hauls.append(two.bring(Offer(place)))) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(haul.brought for haul in hauls) == [(), (DIGEST,)]


def test_what_is_no_object_gets_no_name(tmp_path: Path) -> None:
    objects.make_folder(str(tmp_path))
    source = tmp_path / "source"
    source.write_bytes(b"nothing of ours")
    with Arrival(DIGEST, str(tmp_path)) as arrival:
        arrival.begin(sum_of(str(source)))
        arrival.write(memoryview(source.read_bytes()))
        with pytest.raises(Wrong, match="no object"):
            arrival.finish(15)
    with pytest.raises(ValueError, match="is no digest"):
        Arrival("../../etc/passwd", str(tmp_path))


def test_a_folder_of_values_lasts_as_long_as_somebody_holds_it(tmp_path: Path) -> None:
    first, second = (berth.Berth(str(tmp_path), "kernel") for _ in range(2))
    assert (first.folder, first.name, first.public) == (second.folder, second.name, second.public)
    first.leave()
    berth.sweep(str(tmp_path))
    assert Path(second.folder, wire.KEY).stat().st_mode & 0o777 == 0o600
    second.leave()
    assert list(tmp_path.iterdir()) == []
