import { resolve } from 'node:path';
import { errors } from './errors.ts';
import { readTrustedProxies, type TrustedProxies } from './trusted-proxies.ts';

/** Everything that the environment decides, checked once at start. The README lists the same names. */
export interface Config {
	readonly host: string;
	readonly port: number;
	/** Absolute; holds the embedded Postgres and nothing that a node could not lose otherwise. */
	readonly dataDir: string;
	/** Any PostgreSQL >= 18; absent: the embedded one. */
	readonly databaseUrl: string | undefined;
	/** The address people use, e.g. `https://loam.example.org`; absent: made of host and port. */
	readonly origin: string;
	readonly trustedProxies: TrustedProxies;
	/** A first start creates this sys-admin instead of printing a one-time link. */
	readonly admin: { readonly email: string; readonly password: string } | undefined;
	readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
	/** How far back readers of views can catch up; whoever was away for longer fetches them again. */
	readonly journal: { readonly bytes: number; readonly ageMs: number };
	/** Whether `DELETE /v1/shape` makes all readers of a shape begin anew: for development and tests. */
	readonly shapeDeletion: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws CONFIG_INVALID naming the variable and what it takes. */
export function readConfig(env: Environment, cwd: string): Config {
	const host = env['HOST'] || '127.0.0.1';
	const port = readPort(env['PORT']);
	return {
		host,
		port,
		dataDir: resolve(cwd, env['LOAM_DATA'] || '.loam'),
		databaseUrl: readUrl('DATABASE_URL', env['DATABASE_URL'], ['postgres:', 'postgresql:']),
		origin: readUrl('ORIGIN', env['ORIGIN'], ['http:', 'https:']) ?? defaultOrigin(host, port),
		trustedProxies: readProxies(env),
		admin: readAdmin(env),
		logLevel: readLevel(env['LOAM_LOG']),
		shapeDeletion: readAllowed('LOAM_SHAPE_DELETION', env['LOAM_SHAPE_DELETION']),
		journal: {
			bytes: readAmount(env, 'LOAM_JOURNAL_MB', 1024) * 2 ** 20,
			ageMs: readAmount(env, 'LOAM_JOURNAL_HOURS', 168) * 3_600_000
		}
	};
}

function defaultOrigin(host: string, port: number): string {
	const anyAddress = host === '0.0.0.0' || host === '::';
	const shown = anyAddress || host === '127.0.0.1' ? 'localhost' : host;
	return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}

function readPort(text: string | undefined): number {
	if (text === undefined || text === '') return 4000;
	const port = Number(text);
	if (Number.isInteger(port) && port > 0 && port < 65536) return port;
	throw errors.CONFIG_INVALID(`PORT must be a number from 1 to 65535; it is "${text}".`, {
		variable: 'PORT'
	});
}

function readUrl(variable: string, text: string | undefined, protocols: string[]): string | undefined {
	if (!text) return undefined;
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url && protocols.includes(url.protocol)) {
		return variable === 'ORIGIN' ? url.origin : text;
	}
	// The value may hold a password: it is never repeated.
	throw errors.CONFIG_INVALID(`${variable} must be a URL beginning with ${protocols.join('// or ')}//.`, {
		variable
	});
}

/** Behind a proxy a request no longer tells the scheme and the host that people use. */
function readProxies(env: Environment): TrustedProxies {
	const proxies = readTrustedProxies(env['LOAM_TRUSTED_PROXY']);
	if (!env['LOAM_TRUSTED_PROXY'] || env['ORIGIN']) return proxies;
	throw errors.CONFIG_INVALID(
		'Set ORIGIN beside LOAM_TRUSTED_PROXY: the address that people use, for example https://loam.example.org.',
		{ variable: 'ORIGIN' }
	);
}

function readAdmin(env: Environment): Config['admin'] {
	const email = env['LOAM_ADMIN_EMAIL'];
	const password = env['LOAM_ADMIN_PASSWORD'];
	if (!email && !password) return undefined;
	if (!email || !password) {
		throw errors.CONFIG_INVALID('Set LOAM_ADMIN_EMAIL and LOAM_ADMIN_PASSWORD together, or neither.', {
			variable: email ? 'LOAM_ADMIN_PASSWORD' : 'LOAM_ADMIN_EMAIL'
		});
	}
	if (password.length < 8) {
		throw errors.CONFIG_INVALID('LOAM_ADMIN_PASSWORD must have at least 8 characters.', {
			variable: 'LOAM_ADMIN_PASSWORD'
		});
	}
	return { email, password };
}

function readAmount(env: Environment, variable: string, absent: number): number {
	const text = env[variable];
	if (!text) return absent;
	const amount = Number(text);
	if (Number.isFinite(amount) && amount > 0) return amount;
	throw errors.CONFIG_INVALID(`${variable} must be a number above 0; it is "${text}".`, { variable });
}

function readAllowed(variable: string, text: string | undefined): boolean {
	if (!text || text === 'refused') return false;
	if (text === 'allowed') return true;
	throw errors.CONFIG_INVALID(`${variable} must be allowed or refused; it is "${text}".`, { variable });
}

function readLevel(text: string | undefined): Config['logLevel'] {
	switch (text) {
		case undefined:
		case '':
			return 'info';
		case 'debug':
		case 'info':
		case 'warn':
		case 'error':
			return text;
		default:
			throw errors.CONFIG_INVALID(`LOAM_LOG must be debug, info, warn or error; it is "${text}".`, {
				variable: 'LOAM_LOG'
			});
	}
}
