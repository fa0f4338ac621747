/**
 * One error type for the whole of Loam. An AppError is an expected failure: it has a code that every
 * transport knows, a reason that programs and translations rely on, and a message that tells a person
 * what to do next. Anything else that is thrown is a bug.
 */

/** Connect's codes, by their names on the wire. */
export type ErrorCode =
	| 'canceled'
	| 'unknown'
	| 'invalid_argument'
	| 'deadline_exceeded'
	| 'not_found'
	| 'already_exists'
	| 'permission_denied'
	| 'resource_exhausted'
	| 'failed_precondition'
	| 'aborted'
	| 'out_of_range'
	| 'unimplemented'
	| 'internal'
	| 'unavailable'
	| 'data_loss'
	| 'unauthenticated';

/** HTTP status of each code, as the Connect protocol maps them. */
export const httpStatus: Record<ErrorCode, number> = {
	canceled: 499,
	unknown: 500,
	invalid_argument: 400,
	deadline_exceeded: 504,
	not_found: 404,
	already_exists: 409,
	permission_denied: 403,
	resource_exhausted: 429,
	failed_precondition: 400,
	aborted: 409,
	out_of_range: 400,
	unimplemented: 501,
	internal: 500,
	unavailable: 503,
	data_loss: 500,
	unauthenticated: 401
};

/** Plain data that explains an error to a program: ids, limits, diagnostics. Never a secret. */
export type ErrorMeta = Readonly<Record<string, unknown>>;

export interface AppErrorInit {
	readonly code: ErrorCode;
	/** Stable, UPPER_SNAKE; listed in the `errors.ts` of the room that throws it. */
	readonly reason: string;
	/** For people: what is wrong and what to do next. Never SQL, a path or a stack. */
	readonly message: string;
	readonly meta?: ErrorMeta;
	readonly cause?: unknown;
}

/** Kit's bundle has a copy of this class of its own; both are told by this mark. */
const mark = Symbol.for('loam.AppError');

export class AppError extends Error {
	static override [Symbol.hasInstance](value: unknown): boolean {
		return typeof value === 'object' && value !== null && mark in value;
	}

	readonly [mark] = true;
	override readonly name = 'AppError';
	readonly code: ErrorCode;
	readonly reason: string;
	readonly meta: ErrorMeta;

	constructor(init: AppErrorInit) {
		super(init.message, { cause: init.cause });
		this.code = init.code;
		this.reason = init.reason;
		this.meta = init.meta ?? {};
	}

	toJSON() {
		return { code: this.code, reason: this.reason, message: this.message, meta: this.meta };
	}
}

/**
 * A room's error catalogue: `errorCatalogue({ VIEW_UNKNOWN: 'not_found', … })` gives one function a
 * reason: `errors.VIEW_UNKNOWN('There is no view "x". Publish it first.', { view: 'x' })`.
 */
export function errorCatalogue<const T extends Record<string, ErrorCode>>(reasons: T) {
	const make = {} as Record<keyof T, (message: string, meta?: ErrorMeta, cause?: unknown) => AppError>;
	for (const [reason, code] of Object.entries(reasons)) {
		make[reason as keyof T] = (message, meta, cause) =>
			new AppError({
				code,
				reason,
				message,
				...(meta === undefined ? {} : { meta }),
				...(cause === undefined ? {} : { cause })
			});
	}
	return Object.freeze(make);
}

/** What leaves the house for an error of any kind: a bug becomes one plain sentence. */
export function toAppError(error: unknown): AppError {
	if (error instanceof AppError) return error;
	return new AppError({
		code: 'internal',
		reason: 'INTERNAL',
		message: 'Something went wrong on our side. Nothing was changed; please try again.',
		cause: error
	});
}
