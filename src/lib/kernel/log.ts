/** Structured logging: a message that never varies, and fields that do. Sinks live in platform/telemetry. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface LogRecord {
	readonly time: Date;
	readonly level: LogLevel;
	/** The room that speaks, e.g. `core/cdc`. */
	readonly room: string;
	readonly message: string;
	readonly fields: LogFields;
}

export type LogSink = (record: LogRecord) => void;

export interface Logger {
	debug(message: string, fields?: LogFields): void;
	info(message: string, fields?: LogFields): void;
	warn(message: string, fields?: LogFields): void;
	error(message: string, fields?: LogFields): void;
	/** The same sink under another room's name, with fields that every record carries. */
	child(room: string, fields?: LogFields): Logger;
}

export function createLogger(sink: LogSink, room = 'loam', carried: LogFields = {}): Logger {
	const write =
		(level: LogLevel) =>
		(message: string, fields: LogFields = {}) =>
			sink({ time: new Date(), level, room, message, fields: { ...carried, ...fields } });
	return {
		debug: write('debug'),
		info: write('info'),
		warn: write('warn'),
		error: write('error'),
		child: (name, fields = {}) => createLogger(sink, name, { ...carried, ...fields })
	};
}

/** Swallows everything; for tests and for code that runs without a house. */
export const silentLogger: Logger = createLogger(() => {});
