/** What is to be drawn is drawn once for all changes of a while: the page belongs to who types in it. */

/** Milliseconds: the kernel tells no faster either. */
const PAUSE = 100;

/** Returns how to ask for it: it is done in the next frame, and not again before a pause. `ended`: it is not wanted. */
export function inFrames(does: () => void, ended: () => boolean): () => void {
  let isAsked = false;
  let last = -Infinity;
  const draw = (): void => {
    isAsked = false;
    if (!ended()) {
      last = performance.now();
      does();
    }
  };
  return () => {
    if (!isAsked) {
      isAsked = true;
      const rest = last + PAUSE - performance.now();
      setTimeout(() => requestAnimationFrame(draw), Math.max(0, rest));
    }
  };
}

/** Returns how to ask for it: it is done at once, and while `pause` milliseconds have not gone by, once at their end. */
export function atMostEvery(pause: number, does: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsked = false;
  const ask = (): void => {
    if (timer !== undefined) {
      isAsked = true;
      return;
    }
    timer = setTimeout(() => {
      timer = undefined;
      if (isAsked) {
        isAsked = false;
        ask();
      }
    }, pause);
    does();
  };
  return ask;
}
