import { createLogger } from '#kernel';

/** Silent, unless LOAM_TEST_LOG is set. */
export const testLog = createLogger(({ time, level, message, fields }) => {
	if (!process.env['LOAM_TEST_LOG']) return;
	const shown = Object.entries(fields).map(([name, value]) => `${name}=${describe(value)}`);
	console.error(time.toISOString().slice(11), level, message, ...shown);
});

function describe(value: unknown): string {
	if (!(value instanceof Error)) return String(value);
	return value.cause instanceof Error ? `${value.message} (${describe(value.cause)})` : value.message;
}
