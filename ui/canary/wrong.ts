// Wrong on purpose: see check.mjs.
export const count: number = 'three';
