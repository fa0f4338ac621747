import type { Postgres } from '#platform/postgres';

/** Channel on which nodes hear that the journal grew; the payload is the newest batch's number. */
export const journalChannel = 'loam_journal';

const intervalMs = 20;

/** Tells the other nodes, after the commit and at most once in an interval: it is only a wake-up (rule 17). */
export function wakeOthers(postgres: Postgres): (seq: bigint) => void {
	let newest = 0n;
	let timer: NodeJS.Timeout | undefined;
	const tell = () => {
		timer = undefined;
		postgres.app.query('SELECT pg_notify($1, $2)', [journalChannel, newest.toString()]).catch(() => {});
	};
	return (seq) => {
		newest = seq;
		timer ??= setTimeout(tell, intervalMs).unref();
	};
}
