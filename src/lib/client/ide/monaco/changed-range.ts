export interface TextChange {
	/** Offsets in the old text. */
	readonly start: number;
	readonly end: number;
	/** What stands there in the new one. */
	readonly text: string;
}

/** The one range in which two texts differ; undefined where they don't. */
export function changedRange(before: string, after: string): TextChange | undefined {
	if (before === after) return undefined;
	const most = Math.min(before.length, after.length);
	let start = 0;
	while (start < most && before[start] === after[start]) start++;
	let tail = 0;
	while (tail < most - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
	return { start, end: before.length - tail, text: after.slice(start, after.length - tail) };
}
