import {
	fromLocal,
	readMoment,
	toLocal,
	type InputDate,
	type InputNumber,
	type InputTime
} from '#engine/card';

/** What the control of a number, date or time shows of a value: dates and times by the person's clock. */
export function shownIn(
	node: InputNumber | InputDate | InputTime,
	value: string,
	zone: string | undefined
): string {
	if (node.kind === 'Input.Number') return value;
	if (!isTimestamp(value)) return value.slice(0, node.kind === 'Input.Time' ? 8 : node.time ? 16 : 10);
	const moment = readMoment(value, zone);
	const local = moment ? toLocal(moment).toISOString() : '';
	if (node.kind === 'Input.Time') return local.slice(11, 19);
	return local.slice(0, node.time ? 16 : 10);
}

/** What a moment's control says, as a point in time. */
export function momentOf(shown: string, zone: string | undefined): string {
	const moment = readMoment(shown, zone);
	if (!moment) return shown;
	return (moment.zone === undefined ? fromLocal(moment.at, zone) : moment.at).toISOString();
}

function isTimestamp(value: string): boolean {
	return /^\d{4,}-\d\d-\d\d[T ]\d\d:\d\d/.test(value) && !/[T ][\d:.]+$/.test(value);
}
