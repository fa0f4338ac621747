import { catchUpAges, sseSeconds, type CatchUpAges } from '#engine/shape';

/** How long answers are held open, and slow readers waited for, in ms. */
export interface Timers {
	readonly longPollMs: number;
	readonly eventsMs: number;
	readonly keepAliveMs: number;
	/** A reader who takes nothing of what waits for it for so long is cut off; it may come back. */
	readonly stalledMs: number;
	/** How long caches keep what readers catch up with. */
	readonly ages?: CatchUpAges;
}

export const protocolTimers: Timers = {
	longPollMs: 20_000,
	eventsMs: sseSeconds * 1000,
	keepAliveMs: 21_000,
	stalledMs: 30_000,
	ages: catchUpAges
};
