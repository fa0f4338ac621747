import { uuidv7 } from '#kernel';
import type { Pool } from '#platform/postgres';
import { errors } from './errors.ts';
import type { Project } from './types.ts';

interface ProjectRow {
	id: string;
	organization: string;
	org_slug: string;
	slug: string;
	name: string;
}

const selectProjects = `
	SELECT p.id, p.organization_id AS organization, o.slug AS org_slug, p.slug, p.name
	  FROM loam.project p
	  JOIN loam.organization o ON o.id = p.organization_id`;

export async function findProject(pool: Pool, orgSlug: string, slug: string): Promise<Project | undefined> {
	const { rows } = await pool.query<ProjectRow>(`${selectProjects} WHERE o.slug = $1 AND p.slug = $2`, [
		orgSlug,
		slug
	]);
	return rows[0] && toProject(rows[0]);
}

export async function findProjectById(pool: Pool, id: string): Promise<Project | undefined> {
	const { rows } = await pool.query<ProjectRow>(`${selectProjects} WHERE p.id = $1`, [id]);
	return rows[0] && toProject(rows[0]);
}

export async function listProjects(pool: Pool): Promise<Project[]> {
	const { rows } = await pool.query<ProjectRow>(`${selectProjects} ORDER BY o.slug, p.slug`);
	return rows.map(toProject);
}

/** Throws ORGANIZATION_UNKNOWN, PROJECT_SLUG_INVALID, PROJECT_EXISTS. */
export async function insertProject(
	pool: Pool,
	orgSlug: string,
	slug: string,
	name: string
): Promise<Project> {
	if (!/^[a-z][a-z0-9-]{0,39}$/.test(slug)) {
		throw errors.PROJECT_SLUG_INVALID(
			`"${slug}" cannot name a project: use 1 to 40 lower-case letters, digits and hyphens, a letter first.`,
			{ slug }
		);
	}
	const organization = await pool.query<{ id: string }>('SELECT id FROM loam.organization WHERE slug = $1', [
		orgSlug
	]);
	if (!organization.rows[0]) {
		throw errors.ORGANIZATION_UNKNOWN(`There is no organization "${orgSlug}".`, { organization: orgSlug });
	}
	const inserted = await pool.query(
		`INSERT INTO loam.project (organization_id, slug, name) VALUES ($1, $2, $3)
		 ON CONFLICT (organization_id, slug) DO NOTHING`,
		[organization.rows[0].id, slug, name]
	);
	if (!inserted.rowCount) {
		throw errors.PROJECT_EXISTS(`There is a project "${orgSlug}/${slug}" already. Choose another name.`, {
			slug
		});
	}
	return (await findProject(pool, orgSlug, slug))!;
}

/** The organization `home` and its project `main`, with which an instance begins. */
export async function ensureHome(pool: Pool): Promise<void> {
	await pool.query(
		`INSERT INTO loam.organization (id, name, slug) VALUES ($1, 'Home', 'home') ON CONFLICT (slug) DO NOTHING`,
		[uuidv7()]
	);
	await pool.query(
		`INSERT INTO loam.project (organization_id, slug, name)
		 SELECT id, 'main', 'Main' FROM loam.organization WHERE slug = 'home'
		 ON CONFLICT (organization_id, slug) DO NOTHING`
	);
}

function toProject(row: ProjectRow): Project {
	const { id, organization, slug, name } = row;
	return { id, organization, path: `${row.org_slug}/${slug}`, orgSlug: row.org_slug, slug, name };
}
