// Stands in for prettier's languages: standalone.js has its own.
export const printers = {};
export const parsers = {};
export default {};
