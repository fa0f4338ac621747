export {
	AppError,
	errorCatalogue,
	httpStatus,
	toAppError,
	type ErrorCode,
	type ErrorMeta
} from './errors.ts';
export { assert, AssertionError, present, unreachable } from './assert.ts';
export { isUuid, uuidv7 } from './ids.ts';
export { canonicalJson, type Json } from './json.ts';
export {
	createLogger,
	silentLogger,
	type Logger,
	type LogFields,
	type LogLevel,
	type LogRecord,
	type LogSink
} from './log.ts';
export { defineRoom, type House, type Room } from './room.ts';
export { positionAt, type Diagnostic, type Fix } from './diagnostic.ts';
export { nearest } from './nearest.ts';
