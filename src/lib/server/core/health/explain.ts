import { AppError } from '#kernel';

/** By SQLSTATE or the network's code: what it means for somebody who runs Loam. */
const meanings: Readonly<Record<string, string>> = {
	ECONNREFUSED: 'PostgreSQL is not running, or refuses connections.',
	ENOTFOUND: 'The host of PostgreSQL is not found.',
	EHOSTUNREACH: 'The host of PostgreSQL is not found.',
	ECONNRESET: 'The connection to PostgreSQL is cut off.',
	EPIPE: 'The connection to PostgreSQL is cut off.',
	'57P01': 'PostgreSQL has ended the connection.',
	'57P02': 'PostgreSQL has ended the connection.',
	'57P03': 'PostgreSQL is starting up or shutting down.',
	'53100': 'The disk of PostgreSQL is full.',
	'53300': 'PostgreSQL takes no more connections: raise max_connections, or end what holds them.',
	'28P01': "PostgreSQL refuses Loam's login.",
	'28000': "PostgreSQL refuses Loam's login."
};

/** What an error, or what caused it, means. */
export function explain(error: unknown): string {
	const chain = causesOf(error);
	for (const { code, message } of chain) {
		const meaning = meanings[code ?? ''];
		if (meaning) return meaning;
		if (/time(d )?out/i.test(message)) return 'PostgreSQL does not answer: the network may be cut.';
	}
	const told = chain.find((link) => link instanceof AppError);
	return told?.message ?? 'PostgreSQL can not be reached.';
}

function causesOf(error: unknown): (Error & { readonly code?: string })[] {
	const chain: Error[] = [];
	for (let at = error; at instanceof Error && chain.length < 10; at = at.cause) chain.push(at);
	return chain;
}
