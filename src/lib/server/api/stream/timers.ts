import { sseSeconds } from '#engine/shape';

/** How long answers are held open, in ms. */
export interface Timers {
	readonly longPollMs: number;
	readonly eventsMs: number;
	readonly keepAliveMs: number;
}

export const protocolTimers: Timers = {
	longPollMs: 20_000,
	eventsMs: sseSeconds * 1000,
	keepAliveMs: 21_000
};
