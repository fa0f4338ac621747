import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import type { Identity } from '#core/identity';
import type { AccountService } from '#gen/loam/v1/account_pb';
import { signedIn } from '../caller.ts';

export function accountService(identity: Identity): ServiceImpl<typeof AccountService> {
	return {
		async rename({ name }, context) {
			await identity.rename(signedIn(context), name);
			return {};
		},
		async changePassword({ current, password }, context) {
			await identity.changePassword(signedIn(context), current, password);
			return {};
		},
		async listSessions(_request, context) {
			const principal = signedIn(context);
			const current = identity.sessionOf(principal)?.id;
			const sessions = await identity.sessions(principal);
			return {
				sessions: sessions.map(({ id, createdAt, expiresAt, userAgent, address }) => ({
					id,
					createdAt: timestampFromDate(createdAt),
					expiresAt: timestampFromDate(expiresAt),
					userAgent,
					address,
					current: id === current
				}))
			};
		},
		async endSession({ id }, context) {
			await identity.endSession(signedIn(context), id);
			return {};
		}
	};
}
