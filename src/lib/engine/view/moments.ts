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
		`Compare with ${readClock('today', 'day')} or with a column that holds the time. If it is a plain text, write '${text}'::text.`
	);
}

/** `today` where only the day matters. */
const readClock = (column: 'at' | 'today', every: string) =>
	`(SELECT ${column} FROM clock WHERE every = '${every}')`;

export function refuseClock(what: string, at: number | undefined): never {
	refuse(
		at,
		'VIEW_CLOCK',
		`${what} changes by itself, without any row changing.`,
		`Write ${/date/.test(what) ? readClock('today', 'day') : readClock('at', 'minute')}: the view then follows the table clock, once a minute, hour or day. Or store the time in a column when the row is written.`
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
