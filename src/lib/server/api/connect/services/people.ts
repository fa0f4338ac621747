import type { ServiceImpl } from '@connectrpc/connect';
import type { GrantPlace, Identity, Principal } from '#core/identity';
import type { Tenancy } from '#core/tenancy';
import type { PeopleService } from '#gen/loam/v1/people_pb';
import { signedIn } from '../caller.ts';
import { errors } from '../errors.ts';
import { administerProject, enterProject } from '../projects.ts';

export function peopleService(services: {
	identity: Identity;
	tenancy: Tenancy;
}): ServiceImpl<typeof PeopleService> {
	const { identity, tenancy } = services;

	/** Where a role is to count, as far as the principal knows of it. */
	async function placeOf(
		by: Principal,
		{ project, organization }: { project: string; organization?: string }
	): Promise<GrantPlace> {
		if (project) return { kind: 'project', project: (await enterProject(services, by, project)).project };
		if (!organization) return { kind: 'everywhere' };
		const known = (await tenancy.projects()).find(
			(one) => one.orgSlug === organization && identity.rolesIn(by, one).size > 0
		);
		if (known) return { kind: 'organization', id: known.organization };
		throw errors.ORGANIZATION_UNKNOWN(
			`There is no organization "${organization}", or you have no role in it.`,
			{ organization }
		);
	}

	return {
		async createUser({ name, email, password, project, roles }, context) {
			const by = signedIn(context);
			const input = { name, email, ...(password ? { password } : {}) };
			const made = await identity.createUser(by, input, await placeOf(by, { project }), roles);
			return { id: made.person.id, password: made.password ?? '' };
		},
		async grant(request, context) {
			const by = signedIn(context);
			await identity.grant(by, request.user, request.role, await placeOf(by, request));
			return {};
		},
		async revoke(request, context) {
			const by = signedIn(context);
			await identity.revoke(by, request.user, request.role || undefined, await placeOf(by, request));
			return {};
		},
		async listMembers(request, context) {
			const { project } = await administerProject(services, signedIn(context), request.project);
			const members = await identity.members(project);
			return {
				members: members.map((member) => ({
					...member,
					picture: member.picture ?? '',
					roles: [...member.roles],
					inherited: [...member.inherited]
				}))
			};
		},
		async listRoles(request, context) {
			const { project } = await administerProject(services, signedIn(context), request.project);
			const roles = await identity.roles(project);
			return { roles: roles.map((role) => ({ ...role, module: role.module ?? '' })) };
		},
		async setPassword({ user, password }, context) {
			const made = await identity.setPassword(signedIn(context), user, password || undefined);
			return { password: made ?? '' };
		}
	};
}
