import type { IncomingHttpHeaders } from 'node:http';
import type { Identity, Principal } from '#core/identity';
import type { ResolvedShape } from '#core/live';
import { errors } from './errors.ts';

/** What this room needs of core/identity. */
export type Callers = Pick<
	Identity,
	'authenticate' | 'refresh' | 'rolesIn' | 'grantsVersion' | 'grantsHeardAt' | 'onGrantsChanged'
>;

/** A grant that this node has not heard of for so long may have been taken back. */
const staleMs = 15_000;
const rememberedShapes = 200;

/** Who reads, for as long as a connection or an open answer lasts. */
export class Caller {
	#principal: Principal | undefined;
	/** Version of the grants that `principal` was read with. */
	#version: bigint;
	readonly #identity: Callers;
	#refreshing: Promise<void> | undefined;
	/** Shapes that were opened for this principal, by their definition. */
	#opened = new Map<string, ResolvedShape>();

	constructor(identity: Callers, principal: Principal | undefined) {
		this.#identity = identity;
		this.#principal = principal;
		this.#version = principal?.grantsVersion ?? identity.grantsVersion();
	}

	get principal(): Principal | undefined {
		return this.#principal;
	}

	/**
	 * Whether the grants are known to be those that the caller was let in with (rule 23 of the data rules).
	 * Otherwise `assertFresh` and `refresh` tell.
	 */
	isCurrent(): boolean {
		if (!this.#principal) return true;
		return this.#version >= this.#identity.grantsVersion() && this.#isFresh();
	}

	/** A shape that the caller was given before, with the same rights. */
	opened(definition: string): ResolvedShape | undefined {
		return this.#opened.get(definition);
	}

	remember(definition: string, shape: ResolvedShape): void {
		if (this.#opened.size >= rememberedShapes) this.#opened.delete(this.#opened.keys().next().value!);
		this.#opened.set(definition, shape);
	}

	/** From here on the grants are those of now. Throws GRANTS_STALE, and SIGN_IN_NEEDED where the session has ended. */
	async becomeCurrent(): Promise<void> {
		this.assertFresh();
		if (!this.isCurrent()) await this.refresh();
	}

	/** Reads the caller's grants again. Throws SIGN_IN_NEEDED where the session has ended. */
	refresh(): Promise<void> {
		this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
		return this.#refreshing;
	}

	/** Throws GRANTS_STALE where this node does not know what was granted lately. */
	assertFresh(): void {
		if (!this.#principal || this.#isFresh()) return;
		throw errors.GRANTS_STALE('The server cannot check your permissions right now. Try again in a moment.');
	}

	#isFresh(): boolean {
		return Date.now() - this.#identity.grantsHeardAt() < staleMs;
	}

	async #refresh(): Promise<void> {
		if (!this.#principal) return;
		const version = this.#identity.grantsVersion();
		const principal = await this.#identity.refresh(this.#principal);
		if (!principal) throw errors.SIGN_IN_NEEDED('Your session has ended. Sign in again.');
		this.#principal = principal;
		this.#version = version;
		this.#opened = new Map();
	}
}

/** A caller who comes again within this time is not looked up again; a change of grants shows all the same. */
const keptMs = 30_000;
const keptCallers = 20_000;

/** The callers of requests, by what they show. */
export class CallerLookup {
	readonly #identity: Callers;
	readonly #origin: string;
	readonly #anonymous: Caller;
	readonly #kept = new Map<string, { readonly caller: Promise<Caller>; readonly until: number }>();

	constructor(identity: Callers, origin: string) {
		this.#identity = identity;
		this.#origin = origin;
		this.#anonymous = new Caller(identity, undefined);
	}

	/** A cookie counts only where the page is of this origin. */
	async callerOf(headers: IncomingHttpHeaders): Promise<Caller> {
		const { authorization } = headers;
		const cookie = isSameOrigin(headers, this.#origin) ? headers.cookie : undefined;
		if (authorization === undefined && cookie === undefined) return this.#anonymous;
		const shown = `${authorization ?? ''}\n${cookie ?? ''}`;
		const found = this.#kept.get(shown);
		if (found && found.until > Date.now()) return found.caller;
		const caller = this.#lookUp({ authorization, cookie });
		this.#kept.delete(shown);
		this.#kept.set(shown, { caller, until: Date.now() + keptMs });
		if (this.#kept.size > keptCallers) this.#kept.delete(this.#kept.keys().next().value!);
		// Who is not let in now may be in a moment.
		const forget = () => this.#kept.delete(shown);
		void caller.then(({ principal }) => principal ?? forget(), forget);
		return caller;
	}

	async #lookUp(headers: { authorization: string | undefined; cookie: string | undefined }): Promise<Caller> {
		const principal = await this.#identity.authenticate(headers);
		return principal ? new Caller(this.#identity, principal) : this.#anonymous;
	}
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
