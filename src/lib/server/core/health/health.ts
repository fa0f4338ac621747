import { statfs } from 'node:fs/promises';
import type { Logger } from '#kernel';
import type { Client, Postgres } from '#platform/postgres';
import { Conditions } from './conditions.ts';
import { explain } from './explain.ts';
import { judge, type Held } from './judge.ts';
import { readingSql, type Reading } from './probe.ts';
import type { ConditionName, HealthState } from './types.ts';

export interface Health {
	/** What is wrong just now, and since when. */
	state(): HealthState;
	/** A room knows of something that is wrong, or right again (undefined). May be told again and again. */
	report(name: ConditionName, message: string | undefined, cause?: unknown): void;
	stop(): Promise<void>;
}

export interface HealthOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	/** Where the embedded Postgres and this node keep their files. */
	readonly dataDir?: string;
	/** Why the embedded Postgres does not run, where it is known. */
	readonly whyDown?: () => string | undefined;
	readonly everyMs?: number;
}

const lookEveryMs = 2_000;
const answerWithinMs = 3_000;
/** Less free disk than this is told. */
const lowDiskBytes = 512 * 2 ** 20;

/**
 * Looks at Postgres again and again, on a connection of its own, so that no busy pool is taken for a
 * database that is gone; and hears from the other rooms.
 */
export function watchHealth(options: HealthOptions): Health {
	const { postgres, log, dataDir, whyDown, everyMs = lookEveryMs } = options;
	const conditions = new Conditions(log);
	const held: Held = new Map();
	let client: Promise<Client> | undefined;
	let stopped = false;
	let looking: Promise<void> | undefined;

	function connect(): Promise<Client> {
		const made = postgres.connect(postgres.instance.urlAs('app'), {
			application_name: 'loam health',
			connectionTimeoutMillis: answerWithinMs,
			query_timeout: answerWithinMs
		});
		const forget = () => {
			if (client === made) client = undefined;
		};
		made.then((connected) => connected.once('end', forget), forget);
		return made;
	}

	async function look(): Promise<void> {
		await lookAtDisk();
		try {
			const { rows } = await (
				await (client ??= connect())
			).query<{ reading: Reading }>({
				text: readingSql,
				values: [`loam_${postgres.instance.id}`]
			});
			conditions.report('database', undefined);
			const verdict = judge(rows[0]!.reading, held, Date.now());
			for (const [name, message] of Object.entries(verdict)) {
				conditions.report(name as ConditionName, message);
			}
		} catch (error) {
			tellOf(error);
		}
	}

	function tellOf(error: unknown): void {
		if (stopped) return;
		// Whoever has a connection goes on working.
		const full = (error as { code?: string }).code === '53300';
		if (full) conditions.report('database', undefined);
		conditions.report(full ? 'connections' : 'database', whyDown?.() ?? explain(error), error);
	}

	async function lookAtDisk(): Promise<void> {
		if (dataDir === undefined) return;
		// A node whose Postgres is elsewhere may never write there.
		const disk = await statfs(dataDir).catch(() => undefined);
		if (!disk) return;
		const free = disk.bavail * disk.bsize;
		const low = free < lowDiskBytes;
		const message = `The disk of LOAM_DATA is nearly full: ${Math.round(free / 2 ** 20)} MB are left.`;
		conditions.report('disk', low ? message : undefined);
	}

	const lookOnce = () => {
		looking ??= look()
			.catch((error: unknown) => log.error('health could not be looked at', { error }))
			.finally(() => (looking = undefined));
	};
	const timer = setInterval(lookOnce, everyMs).unref();
	lookOnce();
	return {
		state: () => conditions.state(),
		report: (name, message, cause) => conditions.report(name, message, cause),
		async stop() {
			stopped = true;
			clearInterval(timer);
			await looking;
			conditions.end();
			await (await client?.catch(() => undefined))?.end().catch(() => {});
		}
	};
}
