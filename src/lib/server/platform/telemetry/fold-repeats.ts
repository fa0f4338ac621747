import type { LogRecord, LogSink } from '#kernel';

interface Folded {
	record: LogRecord;
	repeated: number;
	since: number;
}

/**
 * Passes on the first of equal warnings and errors; what is said again within `windowMs` of it is counted, and
 * told as one record at the window's end. So an outage is a line a minute from each who suffers from it.
 */
export function foldRepeats(sink: LogSink, windowMs = 60_000): LogSink {
	const open = new Map<string, Folded>();

	function tell(key: string, { record, repeated, since }: Folded): void {
		open.delete(key);
		if (repeated === 0) return;
		const seconds = Math.round((record.time.getTime() - since) / 1000);
		sink({ ...record, fields: { ...record.fields, repeated, seconds } });
	}

	return (record) => {
		if (record.level !== 'warn' && record.level !== 'error') return sink(record);
		const key = keyOf(record);
		const folded = open.get(key);
		if (folded) {
			folded.repeated++;
			folded.record = record;
			return;
		}
		sink(record);
		const made: Folded = { record, repeated: 0, since: record.time.getTime() };
		open.set(key, made);
		setTimeout(() => tell(key, made), windowMs).unref();
	};
}

/** Equal but for numbers: ports, process ids, counts. */
function keyOf({ level, room, message, fields }: LogRecord): string {
	const error = fields['error'];
	const cause = error instanceof Error ? error.message.replaceAll(/\d+/g, '#') : '';
	return [level, room, message, cause].join('\n');
}
