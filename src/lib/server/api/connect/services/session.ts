import type { ServiceImpl } from '@connectrpc/connect';
import type { Identity } from '#core/identity';
import type { SessionService } from '#gen/loam/v1/session_pb';
import { callerOf, setCookies, signedIn } from '../caller.ts';

export function sessionService(identity: Identity): ServiceImpl<typeof SessionService> {
	return {
		async signIn(request, context) {
			const { token, cookies } = await identity.signIn(request, callerOf(context).origin);
			setCookies(context, cookies);
			return { token };
		},
		async signOut(_request, context) {
			setCookies(context, await identity.signOut(signedIn(context)));
			return {};
		},
		whoAmI(_request, context) {
			const { id, name, email, sysAdmin } = signedIn(context);
			return { id: id ?? '', name, email: email ?? '', sysAdmin };
		},
		async createFirstAdmin({ token, name, email, password }, context) {
			const made = await identity.createFirstAdmin(
				token,
				{ name, email, password },
				callerOf(context).origin
			);
			setCookies(context, made.cookies);
			return { token: made.token };
		}
	};
}
