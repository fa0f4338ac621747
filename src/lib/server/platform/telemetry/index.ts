import type { LogLevel, LogRecord, LogSink } from '#kernel';

export { foldRepeats } from './fold-repeats.ts';

const rank: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** One JSON object a line on stderr: `{"time","level","room","message",...fields}`. Errors carry their stack. */
export function jsonLines(threshold: LogLevel, write: (line: string) => void = writeStderr): LogSink {
	return (record) => {
		if (rank[record.level] >= rank[threshold]) write(`${formatRecord(record)}\n`);
	};
}

function formatRecord({ time, level, room, message, fields }: LogRecord): string {
	return JSON.stringify({ time: time.toISOString(), level, room, message, ...fields }, serialise);
}

function serialise(_key: string, value: unknown): unknown {
	if (typeof value === 'bigint') return value.toString();
	if (!(value instanceof Error)) return value;
	const { name, message, stack, cause } = value;
	return { name, message, stack, ...(cause === undefined ? {} : { cause }) };
}

function writeStderr(line: string): void {
	process.stderr.write(line);
}
