import { errors } from './errors.ts';
import type { Caller } from './sessions.ts';
import type { Grant, Principal } from './types.ts';

/**
 * What was read of the callers, as long as their principals are held. A principal that was not made here
 * has no session and no grants.
 */
export class Callers {
	readonly #known = new WeakMap<Principal, Caller>();

	remember(caller: Caller | undefined): Principal | undefined {
		if (caller) this.#known.set(caller.principal, caller);
		return caller?.principal;
	}

	find(principal: Principal): Caller | undefined {
		return this.#known.get(principal);
	}

	grantsOf(principal: Principal | undefined): readonly Grant[] {
		return (principal && this.#known.get(principal)?.grants) ?? [];
	}
}

/** Throws SIGN_IN_NEEDED for an anonymous visitor. */
export function personOf(principal: Principal): string {
	if (principal.id !== undefined) return principal.id;
	throw errors.SIGN_IN_NEEDED('Sign in first.');
}
