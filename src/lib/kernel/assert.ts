/** A broken assertion is a bug in Loam, never bad input. */
export class AssertionError extends Error {
	override readonly name = 'AssertionError';
}

export function assert(condition: unknown, message: string): asserts condition {
	if (!condition) throw new AssertionError(message);
}

/** Ends a switch over a union: a new member becomes a compile error here. */
export function unreachable(value: never): never {
	throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}

/** The value, where it must be there. */
export function present<T>(value: T | null | undefined, what: string): T {
	assert(value !== null && value !== undefined, `${what} is missing`);
	return value;
}
