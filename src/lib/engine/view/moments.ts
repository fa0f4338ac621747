import type { Node } from '#engine/sql';
import { refuse } from './refusal.ts';

/** The words that Postgres reads as a moment of today. */
const movingMoments: ReadonlySet<string> = new Set(['now', 'today', 'tomorrow', 'yesterday']);

export function stringConstant(node: Node | undefined): string | undefined {
	return node && 'A_Const' in node ? node.A_Const.sval?.sval : undefined;
}

/** `due < 'today'` would keep the day on which the view was made. */
export function refuseMovingMoment(node: Node | undefined): void {
	const text = stringConstant(node);
	if (text === undefined || !movingMoments.has(text.trim().toLowerCase())) return;
	const at = node && 'A_Const' in node ? node.A_Const.location : undefined;
	refuse(
		at,
		'VIEW_CLOCK',
		`'${text}' may be read as a moment that moves on by itself.`,
		`Compare with a column that holds the time, or filter by time where the view is read. If it is a plain text, write '${text}'::text.`
	);
}

export function refuseClock(what: string, at: number | undefined): never {
	refuse(
		at,
		'VIEW_CLOCK',
		`${what} changes by itself, without any row changing.`,
		'Store the time in a column when the row is written, or filter by time where the view is read.'
	);
}

export function refuseTextAsMoment(at: number | undefined): never {
	refuse(
		at,
		'VIEW_CLOCK',
		"Text becomes a moment here, and a text of 'now' would move on by itself.",
		"Use to_date(text, 'YYYY-MM-DD') or to_timestamp(text, '…'), or make the column a timestamp."
	);
}
