import type { IncomingHttpHeaders } from 'node:http';
import type { Identity, Principal } from '#core/identity';
import { errors } from './errors.ts';

/** What this room needs of core/identity. */
export type Callers = Pick<
	Identity,
	'authenticate' | 'refresh' | 'rolesIn' | 'grantsVersion' | 'grantsHeardAt' | 'onGrantsChanged'
>;

/** A grant that this node has not heard of for so long may have been taken back. */
const staleMs = 15_000;

/** Who reads, for as long as a connection or an open answer lasts. */
export class Caller {
	#principal: Principal | undefined;
	/** Version of the grants that `principal` was read with. */
	#version: bigint;
	readonly #identity: Callers;
	#refreshing: Promise<void> | undefined;

	constructor(identity: Callers, principal: Principal | undefined) {
		this.#identity = identity;
		this.#principal = principal;
		this.#version = principal?.grantsVersion ?? identity.grantsVersion();
	}

	get principal(): Principal | undefined {
		return this.#principal;
	}

	/** Whether the grants are still those that the caller was let in with (rule 23 of the data rules). */
	isCurrent(): boolean {
		if (!this.#principal) return true;
		return this.#version >= this.#identity.grantsVersion();
	}

	/** Reads the caller's grants again. Throws SIGN_IN_NEEDED where the session has ended. */
	refresh(): Promise<void> {
		this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
		return this.#refreshing;
	}

	/** Throws GRANTS_STALE where this node does not know what was granted lately. */
	assertFresh(): void {
		if (!this.#principal || Date.now() - this.#identity.grantsHeardAt() < staleMs) return;
		throw errors.GRANTS_STALE('The server cannot check your permissions right now. Try again in a moment.');
	}

	async #refresh(): Promise<void> {
		if (!this.#principal) return;
		const version = this.#identity.grantsVersion();
		const principal = await this.#identity.refresh(this.#principal);
		if (!principal) throw errors.SIGN_IN_NEEDED('Your session has ended. Sign in again.');
		this.#principal = principal;
		this.#version = version;
	}
}

/** The caller of a request. A cookie counts only where the page is of this origin. */
export async function callerOf(
	identity: Callers,
	headers: IncomingHttpHeaders,
	origin: string
): Promise<Caller> {
	const heard = isSameOrigin(headers, origin) ? headers : { ...headers, cookie: undefined };
	return new Caller(identity, await identity.authenticate(heard as IncomingHttpHeaders));
}

/** Browsers send `Origin` or `Sec-Fetch-Site` with what a page of another site asks for. */
export function isSameOrigin(headers: IncomingHttpHeaders, origin: string): boolean {
	const site = headers['sec-fetch-site'];
	if (site === 'cross-site' || site === 'same-site') return false;
	const from = headers.origin;
	if (from === undefined) return true;
	return from === origin || hostOf(from) === headers.host;
}

function hostOf(origin: string): string | undefined {
	return URL.canParse(origin) ? new URL(origin).host : undefined;
}
