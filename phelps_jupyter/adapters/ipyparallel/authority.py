"""Signs the certificates by which the hosts of one kernel know one another. Nothing that is secret ever travels.

The one place of the kernel that knows `cryptography`.
"""

from __future__ import annotations

import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

YEARS = datetime.timedelta(days=3650)
"""A kernel may live long; its key dies with it."""
SKEW = datetime.timedelta(days=1)
"""By which clocks of hosts may differ."""


class Authority:
    """Made anew for each connection to a cluster, and kept in memory alone."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("phelps")
        own = self._about(self._name, self._key.public_key())
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = _text(own.sign(self._key, hashes.SHA256()))
        """Who holds it knows what we have signed."""

    def sign(self, name: str, public: str) -> tuple[str, str]:
        """A certificate for the holder of a key, and its fingerprint. ``public``: the key's public half, as PEM."""
        key = serialization.load_pem_public_key(public.encode())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ValueError("a host has shown a key of another kind than ours make")
        certificate = self._about(_named(name), key).sign(self._key, hashes.SHA256())
        return _text(certificate), certificate.fingerprint(hashes.SHA256()).hex()

    def _about(self, name: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=name,
            public_key=key,
            serial_number=int.from_bytes(os.urandom(16), "big") >> 1,
            not_valid_before=now - SKEW,
            not_valid_after=now + YEARS,
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
