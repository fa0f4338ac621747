import type { JsonObject } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { codeFromString, codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect';
import { AppError, present, toAppError, type Logger } from '#kernel';
import { ErrorInfoSchema } from '#gen/loam/v1/error_pb';

/**
 * What leaves the house for an error: code, message, and an ErrorInfo with reason and meta. A bug is
 * logged, and leaves as one plain sentence.
 */
export function toConnectError(error: unknown, log: Logger, path: string): ConnectError {
	if (error instanceof ConnectError) return error;
	if (!(error instanceof AppError)) {
		log.error('a call failed', { path, error });
	}
	const { code, message, reason, meta } = toAppError(error);
	return new ConnectError(
		message,
		present(codeFromString(code), 'a code of Connect'),
		undefined,
		[{ desc: ErrorInfoSchema, value: { reason, meta: plainData(meta) } }],
		error
	);
}

export interface ErrorResponse {
	readonly status: number;
	readonly body: string;
}

/** The error as the unary protocol has it. */
export function errorResponse(error: ConnectError): ErrorResponse {
	return {
		// Connect's own status of an address that nothing serves
		status: error.code === Code.Unimplemented ? 404 : codeToHttpStatus(error.code),
		body: JSON.stringify(errorToJson(error, undefined))
	};
}

/** Errors that the protocol's own code makes are given Loam's words, code and reason. */
export function refine(error: ConnectError): ConnectError {
	const size = /larger than configured readMaxBytes (\d+)/.exec(error.rawMessage);
	if (size) {
		const limit = Number(size[1]);
		return withReason(
			`The request is too large: at most ${Math.round(limit / 1024)} KiB.`,
			Code.ResourceExhausted,
			'BODY_TOO_LARGE',
			{ limit }
		);
	}
	const unreadable = /^(?:parse binary|decode .*|cannot decode .*): ?/s.test(error.rawMessage);
	const known = error.details.length > 0;
	if (!known && (unreadable || error.code === Code.InvalidArgument)) {
		return withReason(plain(error.rawMessage), Code.InvalidArgument, 'REQUEST_INVALID', {});
	}
	return error;
}

/** `cannot decode message loam.v1.SignInRequest from JSON: key "x" is unknown` -> its end, as a sentence. */
function plain(message: string): string {
	const text = message.replace(/^parse binary: /, '');
	return `The request can't be read: ${text}. Check it against the schema of the method.`;
}

function withReason(message: string, code: Code, reason: string, meta: object): ConnectError {
	return new ConnectError(message, code, undefined, [
		{ desc: ErrorInfoSchema, value: { reason, meta: plainData(meta) } }
	]);
}

/** Without what JSON can't say; 64-bit numbers as text. */
function plainData(meta: object): JsonObject {
	const text = JSON.stringify(meta, (_key, value: unknown) =>
		typeof value === 'bigint' ? value.toString() : value
	);
	return JSON.parse(text) as JsonObject;
}
