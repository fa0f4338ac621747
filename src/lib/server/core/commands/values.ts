import { unreachable } from '#kernel';
import { errors } from './errors.ts';
import type { PostgresType, ValueKind } from './postgres-types.ts';

/** A value as text for Postgres, by the type that it must have there. Throws HANDLER_ARGUMENT. */
export function encodeValue(value: unknown, type: PostgresType): string | null {
	if (value === null || value === undefined) return null;
	if (!type.array) return encodeScalar(value, type.kind);
	if (!Array.isArray(value)) throw errors.HANDLER_ARGUMENT(`A value of type ${type.name} must be a list.`);
	return arrayLiteral(value.map((item: unknown) => (item === null ? null : encodeScalar(item, type.kind))));
}

function encodeScalar(value: unknown, kind: ValueKind): string {
	if (kind === 'json') return JSON.stringify(value);
	if (kind === 'bytes' && typeof value === 'string') {
		return `\\x${Buffer.from(value, 'base64').toString('hex')}`;
	}
	switch (typeof value) {
		case 'string':
			if (value.includes('\0'))
				throw errors.FIELD_INVALID('A text cannot hold the character with the number 0.');
			return value;
		case 'number':
		case 'boolean':
			return String(value);
		default:
			throw errors.HANDLER_ARGUMENT(
				'A list or an object cannot be a value of this type. Give a text, a number or a boolean.'
			);
	}
}

/** `{"a","b\"c",NULL}` */
export function arrayLiteral(items: readonly (string | null)[]): string {
	const elements = items.map((item) => (item === null ? 'NULL' : `"${item.replace(/["\\]/g, '\\$&')}"`));
	return `{${elements.join(',')}}`;
}

/** Postgres's text of a value as JSON: what sdkTypes of engine/schema promises. */
export function decodeValue(text: string | null, type: PostgresType): unknown {
	if (text === null) return null;
	return type.array ? decodeArray(text, type.kind) : decodeScalar(text, type.kind);
}

function decodeScalar(text: string, kind: ValueKind): unknown {
	switch (kind) {
		case 'text':
			return text;
		case 'boolean':
			return text === 't';
		case 'number': {
			const number = Number(text);
			// NaN and the infinities have no number in JSON; protobuf writes them as text.
			return Number.isFinite(number) ? number : text;
		}
		case 'json':
			return JSON.parse(text) as unknown;
		case 'timestamp':
			return text.replace(' ', 'T').replace(/\+00(:00)?$/, 'Z');
		case 'bytes':
			return Buffer.from(text.slice(2), 'hex').toString('base64');
		case 'duration':
			return durationOf(text);
		default:
			return unreachable(kind);
	}
}

/** One dimension; a deeper array comes as lists in lists. */
function decodeArray(text: string, kind: ValueKind): unknown[] {
	let at = text.indexOf('{');
	return list();

	function list(): unknown[] {
		const items: unknown[] = [];
		at++;
		while (text[at] !== '}') {
			if (text[at] === ',') at++;
			items.push(text[at] === '{' ? list() : item());
		}
		at++;
		return items;
	}

	function item(): unknown {
		if (text[at] === '"') return decodeScalar(quoted(), kind);
		const start = at;
		while (text[at] !== ',' && text[at] !== '}') at++;
		const word = text.slice(start, at);
		return word === 'NULL' ? null : decodeScalar(word, kind);
	}

	function quoted(): string {
		let value = '';
		for (at++; text[at] !== '"'; at++) {
			if (text[at] === '\\') at++;
			value += text[at]!;
		}
		at++;
		return value;
	}
}

const isoInterval =
	/^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)W)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+)?(?:\.(\d+))?S)?)?$/;

/** `PT1H30M` -> `5400s`. A day has 24 hours, a month 30 days: what Postgres's own comparison takes them for. */
function durationOf(text: string): string {
	const parts = isoInterval.exec(text);
	if (!parts) return text;
	const [years, months, weeks, days, hours, minutes] = parts.slice(1, 7).map((part) => Number(part ?? 0));
	const whole =
		((years! * 360 + months! * 30 + weeks! * 7 + days!) * 24 + hours!) * 3600 +
		minutes! * 60 +
		Number(parts[7] ?? 0);
	return `${whole}${parts[8] ? `.${parts[8]}` : ''}s`;
}
