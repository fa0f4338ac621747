export { default as CardView } from './CardView.svelte';
export { default as LivePage } from './page/LivePage.svelte';
export { LiveRows, type Row, type RowChange } from './live-rows.svelte.ts';
export type { CardHost, CommandCall } from './types.ts';
