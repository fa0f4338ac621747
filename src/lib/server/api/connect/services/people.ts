import type { ServiceImpl } from '@connectrpc/connect';
import type { GrantPlace, Identity } from '#core/identity';
import type { Tenancy } from '#core/tenancy';
import type { PeopleService } from '#gen/loam/v1/people_pb';
import { signedIn } from '../caller.ts';
import { errors } from '../errors.ts';
import { administerProject, findProject } from '../projects.ts';

export function peopleService(services: {
	identity: Identity;
	tenancy: Tenancy;
}): ServiceImpl<typeof PeopleService> {
	const { identity, tenancy } = services;

	async function placeOf({
		project,
		organization
	}: {
		project: string;
		organization?: string;
	}): Promise<GrantPlace> {
		if (project) return { kind: 'project', project: await findProject(tenancy, project) };
		if (!organization) return { kind: 'everywhere' };
		const id = (await tenancy.projects()).find((one) => one.orgSlug === organization)?.organization;
		if (id) return { kind: 'organization', id };
		throw errors.ORGANIZATION_UNKNOWN(`There is no organization "${organization}".`, { organization });
	}

	return {
		async createUser({ name, email, password, project, roles }, context) {
			const by = signedIn(context);
			const input = { name, email, ...(password ? { password } : {}) };
			const made = await identity.createUser(by, input, await placeOf({ project }), roles);
			return { id: made.person.id, password: made.password ?? '' };
		},
		async grant(request, context) {
			const by = signedIn(context);
			await identity.grant(by, request.user, request.role, await placeOf(request));
			return {};
		},
		async revoke(request, context) {
			const by = signedIn(context);
			await identity.revoke(by, request.user, request.role || undefined, await placeOf(request));
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
