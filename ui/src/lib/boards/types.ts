// The shapes of GET /api/boards and /api/boards/{id}; see docs/http-api.md.
import type { Severity } from '../types';

export interface BoardSummary {
  id: string;
  title: string;
  description: string;
  place: string;
  panels: number;
}

export interface BoardVariable {
  name: string;
  label: string;
  from: string;
  /** Empty: all values. */
  standard: string;
}

export interface BoardPanel {
  kind: 'chart' | 'value' | 'text';
  title: string;
  text: string;
  /** Of 12 columns. */
  width: number;
  unit: string;
  min: number | null;
  max: number | null;
  band: boolean;
  alerts: boolean;
  queries: { expr: string; legend: string }[];
  thresholds: { value: number; severity: Severity | null; text: string }[];
}

export interface BoardRow {
  title: string;
  repeat: string;
  height: 'small' | 'normal' | 'tall';
  panels: BoardPanel[];
}

export interface BoardSpec extends Omit<BoardSummary, 'panels'> {
  span_ms: number;
  refresh_ms: number | null;
  variables: BoardVariable[];
  rows: BoardRow[];
}
