import pg from 'pg';
import type { Logger } from '#kernel';
import { clockTable } from '#engine/view';
import type { Postgres } from '#platform/postgres';
import type { Catalog } from './catalog.ts';

/** How soon after the minute the table says so. */
const lookEveryMs = 1000;
const minuteMs = 60_000;

/**
 * Moves the table `clock` on in the installations whose views read it, at the beginning of each minute: they
 * follow it like any other change. `isKeeper`: one node does it.
 */
export function keepClocks(options: {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly catalog: Catalog;
	readonly isKeeper: () => boolean;
	/** ms since 1970. */
	readonly now?: () => number;
}): { look(): Promise<void>; stop(): Promise<void> } {
	const { postgres, log, catalog, isKeeper, now = Date.now } = options;
	/** The minute that each schema's clock shows. */
	const shown = new Map<string, number>();
	let looking: Promise<void> | undefined;

	async function tick(): Promise<void> {
		const minute = Math.floor(now() / minuteMs);
		const due = schemasOf(catalog).filter((schema) => shown.get(schema) !== minute);
		if (due.length === 0) return;
		const client = await postgres.connect(postgres.instance.urlAs('views'), {
			application_name: 'loam clock'
		});
		try {
			for (const schema of due) {
				await client.query(moveOn(schema), [new Date(minute * minuteMs)]);
				shown.set(schema, minute);
			}
		} finally {
			await client.end();
		}
	}

	function look(): Promise<void> {
		if (!isKeeper()) return Promise.resolve();
		looking ??= tick()
			.catch((error: unknown) => log.warn('the clocks of views could not be moved on', { error }))
			.finally(() => (looking = undefined));
		return looking;
	}

	const timer = setInterval(() => void look(), lookEveryMs).unref();
	return {
		look,
		async stop() {
			clearInterval(timer);
			await looking;
		}
	};
}

function schemasOf(catalog: Catalog): string[] {
	const reading = [...catalog.entries].filter(
		({ spec, state }) => state !== 'failed' && spec.sources.some(({ table }) => table === clockTable.name)
	);
	return [...new Set(reading.map(({ schema }) => schema))];
}

/** Never back: a node whose own clock is behind changes nothing. */
const moveOn = (schema: string) => `
	UPDATE ${pg.escapeIdentifier(schema)}.clock
	   SET at = date_trunc(every, $1::timestamptz, 'UTC'), today = ($1::timestamptz AT TIME ZONE 'UTC')::date
	 WHERE at < date_trunc(every, $1::timestamptz, 'UTC')`;
