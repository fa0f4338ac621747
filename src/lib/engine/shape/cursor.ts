/** Seconds since the protocol's epoch, 2024-10-09. */
const epoch = Date.UTC(2024, 9, 9) / 1000;

/**
 * The cursor of a live answer: the end of the current interval, so that all readers of a moment ask for
 * one URL and a cache collapses them; moved on where the reader has that one already.
 */
export function nextCursor(
	nowMs: number,
	intervalSeconds: number,
	previous: string | undefined,
	random = Math.random
) {
	const elapsed = Math.floor(nowMs / 1000) - epoch;
	const next = Math.ceil(elapsed / intervalSeconds) * intervalSeconds;
	const before = previous !== undefined && /^\d{1,15}$/.test(previous) ? Number(previous) : 0;
	return String(next > before ? next : before + 1 + Math.floor(random() * 3600));
}
