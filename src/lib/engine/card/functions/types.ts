import type { Scope } from '../language/scope.ts';

/** A function whose arguments are all evaluated first. */
export interface PlainFunction {
	readonly least: number;
	readonly most: number;
	readonly run: (args: readonly unknown[], scope: Scope) => unknown;
}

export type Functions = Readonly<Record<string, PlainFunction>>;

export const any = Number.POSITIVE_INFINITY;

export function fn(least: number, most: number, run: PlainFunction['run']): PlainFunction {
	return { least, most, run };
}
