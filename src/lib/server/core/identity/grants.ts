import { isBuiltInRole, withImplied } from '#engine/policy';
import type { Pool, PoolClient } from '#platform/postgres';
import type { Installation, Project } from '#core/tenancy';
import { errors } from './errors.ts';
import type { AssignableRole, Grant, Roles } from './types.ts';

/** Where a grant counts. */
export type GrantPlace =
	| { readonly kind: 'everywhere' }
	| { readonly kind: 'organization'; readonly id: string }
	| { readonly kind: 'project'; readonly project: Project };

/** What a person's grants make of them in a project. */
export function rolesOf(grants: readonly Grant[], project: { id: string; organization: string }): Roles {
	const held = grants.filter(
		(grant) =>
			grant.role === 'sys-admin' ||
			grant.project === project.id ||
			grant.organization === project.organization
	);
	return withImplied(held.map((grant) => grant.role));
}

/** `sys-admin` goes everywhere, `org-admin` into an organization, all others into a project. Throws ROLE_PLACE. */
export function checkPlace(role: string, place: GrantPlace): void {
	const wanted = role === 'sys-admin' ? 'everywhere' : role === 'org-admin' ? 'organization' : 'project';
	if (place.kind === wanted) return;
	const where = {
		everywhere: 'everywhere: leave project and organization out',
		organization: 'in an organization: name it, and no project',
		project: 'in a project: name it as org/project'
	};
	throw errors.ROLE_PLACE(`The role ${role} is granted ${where[wanted]}.`, { role });
}

/** What a project's admin can hand out there: two built-in roles, and those of the installed modules. */
export function assignableRoles(installations: readonly Installation[]): AssignableRole[] {
	const ofModules = installations.flatMap(({ module, release }) =>
		Object.entries(release.artifact.manifest.roles).map(([role, { title }]) => ({
			role: `${module}:${role}`,
			title,
			module: release.artifact.manifest.title
		}))
	);
	return [
		{ role: 'project-user', title: 'User', module: undefined },
		{ role: 'project-admin', title: 'Admin', module: undefined },
		...ofModules
	];
}

/** Throws ROLE_UNKNOWN, naming the roles that there are. */
export function checkRole(role: string, known: readonly AssignableRole[]): void {
	if (isBuiltInRole(role) || known.some((entry) => entry.role === role)) return;
	const names = known.map((entry) => entry.role);
	throw errors.ROLE_UNKNOWN(`There is no role "${role}" here. Roles: ${names.join(', ')}.`, {
		role,
		roles: names
	});
}

/** Whether these grants suffice to hand out or take a role there. */
export function mayGrant(grants: readonly Grant[], place: GrantPlace): boolean {
	if (grants.some((grant) => grant.role === 'sys-admin')) return true;
	switch (place.kind) {
		case 'everywhere':
			return false;
		case 'organization':
			return grants.some((grant) => grant.role === 'org-admin' && grant.organization === place.id);
		case 'project':
			return rolesOf(grants, place.project).has('project-admin');
	}
}

/** Idempotent. Makes the person a member of the organization too. */
export async function insertGrant(
	client: PoolClient,
	grant: { person: string; role: string; place: GrantPlace; by: string | undefined }
): Promise<boolean> {
	const { organization, project } = columnsOf(grant.place);
	const { rowCount } = await client.query(
		`INSERT INTO loam.role_grant (principal_id, role, organization_id, project_id, granted_by) VALUES ($1, $2, $3, $4, $5)
		 ON CONFLICT DO NOTHING`,
		[grant.person, grant.role, organization, project, grant.by ?? null]
	);
	const home = grant.place.kind === 'project' ? grant.place.project.organization : organization;
	if (home) {
		await client.query(
			`INSERT INTO loam.member (id, organization_id, user_id, role) VALUES (uuidv7(), $1, $2, $3)
			 ON CONFLICT (organization_id, user_id) DO UPDATE SET role = 'admin' WHERE excluded.role = 'admin'`,
			[home, grant.person, grant.role === 'org-admin' ? 'admin' : 'member']
		);
	}
	return (rowCount ?? 0) > 0;
}

/** Takes a role; without one, every role at that place. Throws GRANT_UNKNOWN, LAST_SYS_ADMIN. */
export async function deleteGrant(
	client: PoolClient,
	grant: { person: string; role: string | undefined; place: GrantPlace }
): Promise<void> {
	const { organization, project } = columnsOf(grant.place);
	// Two admins who take the role from each other at once: the second waits, and is refused.
	if (grant.place.kind === 'everywhere')
		await client.query(`SELECT pg_advisory_xact_lock(hashtext('loam.sys-admin'))`);
	const { rowCount } = await client.query(
		`DELETE FROM loam.role_grant
		  WHERE principal_id = $1 AND ($2::text IS NULL OR role = $2)
		    AND organization_id IS NOT DISTINCT FROM $3::uuid AND project_id IS NOT DISTINCT FROM $4::uuid`,
		[grant.person, grant.role ?? null, organization, project]
	);
	if (!rowCount) throw errors.GRANT_UNKNOWN('This person has no such role there.', { role: grant.role });
	if (grant.place.kind === 'everywhere' && !(await hasSysAdmin(client))) {
		throw errors.LAST_SYS_ADMIN('This is the last sys-admin. Make somebody else one first.');
	}
	await leaveOrganization(client, grant.person, grant.place);
}

/** A person without a role anywhere in the organization is no member of it any more. */
async function leaveOrganization(client: PoolClient, person: string, place: GrantPlace): Promise<void> {
	const organization = place.kind === 'project' ? place.project.organization : columnsOf(place).organization;
	if (!organization) return;
	await client.query(
		`DELETE FROM loam.member WHERE user_id = $1 AND organization_id = $2
		    AND NOT EXISTS (SELECT FROM loam.role_grant g LEFT JOIN loam.project p ON p.id = g.project_id
		                     WHERE g.principal_id = $1 AND (g.organization_id = $2 OR p.organization_id = $2))`,
		[person, organization]
	);
}

export async function hasSysAdmin(client: Pool | PoolClient): Promise<boolean> {
	const { rowCount } = await client.query(`SELECT FROM loam.role_grant WHERE role = 'sys-admin' LIMIT 1`);
	return (rowCount ?? 0) > 0;
}

function columnsOf(place: GrantPlace): { organization: string | null; project: string | null } {
	switch (place.kind) {
		case 'everywhere':
			return { organization: null, project: null };
		case 'organization':
			return { organization: place.id, project: null };
		case 'project':
			return { organization: null, project: place.project.id };
	}
}
