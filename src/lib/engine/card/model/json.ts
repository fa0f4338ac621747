import type { Json } from '#kernel';
import { stringify } from '../language/values.ts';
import { parseMarkdown } from '../markdown/parse.ts';
import type { Content } from '../markdown/types.ts';
import { constant, mapRead, readCondition, readText, type Read } from '../template/read.ts';
import type { Slot } from './types.ts';

/** Reading untyped JSON into `Read`s: what is missing or of the wrong kind is the default. */
export type JsonObject = Readonly<Record<string, Json>>;

export function isObject(json: Json | undefined): json is JsonObject {
	return typeof json === 'object' && json !== null && !Array.isArray(json);
}

export function objects(json: Json | undefined): readonly JsonObject[] {
	return Array.isArray(json) ? (json as readonly Json[]).filter(isObject) : [];
}

export function readValue(json: Json | undefined): Read<unknown> {
	return typeof json === 'string' ? readText(json) : constant(json);
}

export function readString(json: Json | undefined): Read<string> {
	return mapRead(readValue(json), stringify);
}

export function readOptional(json: Json | undefined): Read<string | undefined> {
	return mapRead(readString(json), (text) => (text === '' ? undefined : text));
}

export function readNumber(json: Json | undefined): Read<number | undefined> {
	return mapRead(readValue(json), (value) => {
		const number = typeof value === 'string' && value !== '' ? Number(value) : value;
		return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
	});
}

export function readBoolean(json: Json | undefined, otherwise: boolean): Read<boolean> {
	return mapRead(readValue(json), (value) => {
		if (typeof value === 'boolean') return value;
		return value === 'true' ? true : value === 'false' ? false : otherwise;
	});
}

export function readContent(json: Json | undefined): Read<Content> {
	return mapRead(readString(json), parseMarkdown);
}

/** One of the words of an enumeration, in lower case whatever the author's case was. */
export function word<const T extends string>(json: unknown, words: readonly T[], otherwise: T): T {
	const lower = typeof json === 'string' ? json.toLowerCase() : '';
	return words.find((candidate) => candidate.toLowerCase() === lower) ?? otherwise;
}

export function readWord<const T extends string>(
	json: Json | undefined,
	words: readonly T[],
	otherwise: T
): Read<T> {
	return mapRead(readValue(json), (value) => word(value, words, otherwise));
}

/** `50` or `"50px"`, in pixels. */
export function pixels(json: Json | undefined): number | undefined {
	const match = typeof json === 'string' ? /^\s*(\d+(?:\.\d+)?)(?:px)?\s*$/.exec(json) : undefined;
	const value = typeof json === 'number' ? json : match ? Number(match[1]) : undefined;
	return value !== undefined && value > 0 && value < 10_000 ? value : undefined;
}

export function slot<T>(json: JsonObject, item: T): Slot<T> {
	return {
		item,
		when: '$when' in json ? readCondition(json['$when']) : undefined,
		data: '$data' in json ? readValue(json['$data']) : undefined
	};
}
