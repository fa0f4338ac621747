import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import type { Origin, Principal } from '#core/identity';
import { errors } from './errors.ts';

/** Who calls, and from where. */
export interface Caller {
	readonly principal: Principal | undefined;
	readonly origin: Origin;
	/** A page of another site made the call: it is never given a cookie. */
	readonly foreign: boolean;
}

export const callerKey = createContextKey<Caller>(
	{ principal: undefined, origin: { address: '', userAgent: '' }, foreign: true },
	{ description: 'caller' }
);

export function callerOf(context: HandlerContext): Caller {
	return context.values.get(callerKey);
}

/** Throws SIGN_IN_NEEDED. */
export function signedIn(context: HandlerContext): Principal {
	return requirePrincipal(callerOf(context).principal);
}

export function requirePrincipal(principal: Principal | undefined): Principal {
	if (principal) return principal;
	throw errors.SIGN_IN_NEEDED('Sign in first: this call has no session, or its session has ended.');
}

export function setCookies(context: HandlerContext, cookies: readonly string[]): void {
	if (callerOf(context).foreign) return;
	for (const cookie of cookies) context.responseHeader.append('set-cookie', cookie);
}
