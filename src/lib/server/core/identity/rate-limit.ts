import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Pool } from '#platform/postgres';
import { errors } from './errors.ts';

/** Failed sign-ins in a window of 15 minutes. */
const limits = { address: 30, account: 50, both: 8 };
const windowSeconds = 15 * 60;

type Kind = keyof typeof limits;

/**
 * Counts an attempt before the password is looked at, so that attempts side by side are counted too.
 * Throws SIGN_IN_LIMITED with `retryAfter` in seconds. A good sign-in takes its counts back.
 */
export async function countAttempt(
	pool: Pool,
	address: string,
	email: string
): Promise<{ succeeded(): Promise<void> }> {
	const keys = keysOf(address, email);
	await forgetOld(pool);
	const { rows } = await pool.query<{ key: string; attempts: number; seconds: number }>(
		`INSERT INTO loam.sign_in_attempt AS a (key, attempts, expires_at)
		 SELECT key, 1, now() + make_interval(secs => $2) FROM unnest($1::text[]) AS key ORDER BY key
		 ON CONFLICT (key) DO UPDATE
		    SET attempts = CASE WHEN a.expires_at < now() THEN 1 ELSE a.attempts + 1 END,
		        expires_at = CASE WHEN a.expires_at < now() THEN excluded.expires_at ELSE a.expires_at END
		 RETURNING key, attempts, ceil(extract(epoch FROM expires_at - now()))::int AS seconds`,
		[Object.values(keys), windowSeconds]
	);
	const over = rows.filter(({ key, attempts }) => attempts > limits[key.slice(0, key.indexOf(':')) as Kind]);
	if (over.length > 0) {
		const retryAfter = Math.max(...over.map((row) => row.seconds));
		const minutes = Math.ceil(retryAfter / 60);
		throw errors.SIGN_IN_LIMITED(
			`Too many sign-ins failed. Try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`,
			{ retryAfter }
		);
	}
	return {
		async succeeded() {
			await pool.query('DELETE FROM loam.sign_in_attempt WHERE key = $1', [keys.both]);
			for (const key of [keys.account, keys.address]) {
				await pool.query(
					'UPDATE loam.sign_in_attempt SET attempts = greatest(attempts - 1, 0) WHERE key = $1',
					[key]
				);
			}
		}
	};
}

async function forgetOld(pool: Pool): Promise<void> {
	await pool.query(
		`DELETE FROM loam.sign_in_attempt WHERE key IN
		 (SELECT key FROM loam.sign_in_attempt WHERE expires_at < now() LIMIT 1000 FOR UPDATE SKIP LOCKED)`
	);
}

function keysOf(address: string, email: string): Record<Kind, string> {
	const network = networkOf(address);
	const hash = (text: string) => createHash('sha256').update(text).digest('base64url');
	return {
		address: `address:${network}`,
		account: `account:${hash(email)}`,
		both: `both:${hash(`${network} ${email}`)}`
	};
}

/**
 * What one visitor holds: an IPv4 address, or the /64 of an IPv6 address, of which one line has 2^64. An
 * IPv4 address inside IPv6 counts as itself.
 */
export function networkOf(address: string): string {
	const bare = address.replace(/%.*$/, '').toLowerCase();
	const mapped = /^(?:::|(?:0{1,4}:){5})ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare);
	if (mapped) return mapped[1]!;
	if (!isIPv6(bare)) return bare;
	const groups = expand(bare);
	const hexMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
	if (hexMapped) return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.');
	return `${groups
		.slice(0, 4)
		.map((group) => group.toString(16))
		.join(':')}::/64`;
}

function expand(address: string): number[] {
	const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
	const hex = dotted
		? address.slice(0, dotted.index) +
			[Number(dotted[1]) * 256 + Number(dotted[2]), Number(dotted[3]) * 256 + Number(dotted[4])]
				.map((part) => part.toString(16))
				.join(':')
		: address;
	const [head = '', tail] = hex.split('::');
	const left = head === '' ? [] : head.split(':');
	const right = tail === undefined || tail === '' ? [] : tail.split(':');
	const gap = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
	return [...left, ...gap, ...right].map((group) => parseInt(group, 16));
}
