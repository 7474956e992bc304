/** What the browser has by itself, in the place of a package that does without. */
export default window.ResizeObserver;
