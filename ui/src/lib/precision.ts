// What marks come to: the share of useful ones among what people marked.

export interface Precision {
  useful: number;
  noise: number;
  /** Share of useful ones; null without any mark. */
  precision: number | null;
}
/** "80 % of 5"; empty without any mark. */
export function precisionText(row: Precision | undefined): string {
  if (row === undefined || row.precision === null) return '';
  return `${Math.round(row.precision * 100)} % of ${row.useful + row.noise}`;
}
