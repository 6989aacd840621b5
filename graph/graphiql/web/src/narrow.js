// narrow reports whether the panes stand one under the other, as page.css has them.
export const narrow = () => matchMedia('(max-width: 700px)').matches;
