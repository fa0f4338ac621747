import { randomBytes } from 'node:crypto';
import type { Logger } from '#kernel';
import type { Pool, Postgres } from '#platform/postgres';
import type { Tenancy } from '#core/tenancy';
import { createAdministration, type Administration } from './administration.ts';
import { createAuth } from './auth.ts';
import { Callers } from './callers.ts';
import { changingWith } from './changing.ts';
import { createEntrance, makeFirstAdmin, type Entrance } from './entrance.ts';
import { watchExpiry } from './expiry.ts';
import { startGrantsClock } from './grants-version.ts';
import { createOwnAccount, type OwnAccount } from './own-account.ts';

/** People, their sessions, and what they may do where. */
export interface Identity extends Entrance, Administration, OwnAccount {
	/** Of the grants, as this node knows it. */
	grantsVersion(): bigint;
	/** When that was last known to be the newest, in ms since 1970; older than some seconds: stop streaming. */
	grantsHeardAt(): number;
	/** Called where a grant changed or a session ended. Returns the unsubscribe. */
	onGrantsChanged(listener: (version: bigint) => void): () => void;
	end(): Promise<void>;
}

export interface IdentityInit {
	readonly postgres: Postgres;
	readonly tenancy: Pick<Tenancy, 'syncPeople' | 'syncAllPeople' | 'installations'>;
	readonly log: Logger;
	/** The address that people use: decides whether cookies want https. */
	readonly origin: string;
	/** A first start makes this sys-admin. */
	readonly admin?: { readonly email: string; readonly password: string } | undefined;
}

export async function createIdentity(init: IdentityInit): Promise<Identity> {
	const { postgres, tenancy, log, origin, admin } = init;
	const pool = postgres.app;
	const auth = createAuth({ pool, origin, secret: await readSecret(pool) });
	if (admin) await makeFirstAdmin(pool, log, admin);
	const clock = await startGrantsClock({ postgres, log });
	const stopExpiry = watchExpiry(pool, clock, log);
	const parts = { pool, auth, tenancy, callers: new Callers(), changing: changingWith(pool, clock) };
	return {
		...createEntrance(parts),
		...createAdministration(parts),
		...createOwnAccount(parts),
		grantsVersion: () => clock.version(),
		grantsHeardAt: () => clock.heardAt(),
		onGrantsChanged: (listener) => clock.onChange(listener),
		async end() {
			stopExpiry();
			await clock.end();
		}
	};
}

/** What signs the cookies: made once, the same on every node. */
async function readSecret(pool: Pool): Promise<string> {
	const made = randomBytes(32).toString('base64url');
	await pool.query('INSERT INTO loam.identity_key (secret) VALUES ($1) ON CONFLICT DO NOTHING', [made]);
	const { rows } = await pool.query<{ secret: string }>('SELECT secret FROM loam.identity_key');
	return rows[0]!.secret;
}
