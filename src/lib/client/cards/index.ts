export { default as CardView } from './CardView.svelte';
export { LiveRows, type KeyedRow, type Row } from './live-rows.svelte.ts';
export type { CardHost, CommandCall } from './types.ts';
