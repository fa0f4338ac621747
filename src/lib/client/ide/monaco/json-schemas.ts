import { actionRules, elementRules, partRules, wordsOf } from '#engine/card';
import { projectRoles } from '#engine/module';
import type { Known } from '../files/known.ts';
import type { MonacoParts } from './load.ts';

type Schema = Record<string, unknown>;

/**
 * Completion and documentation of JSON files. Errors come from the engine's own readers, which say what
 * to do: the schemas check nothing.
 */
export function configureJson({ json }: MonacoParts, known: Known): void {
	json.jsonDefaults.setDiagnosticsOptions({
		validate: false,
		schemas: [
			{ uri: 'loam://schemas/module.json', fileMatch: ['module.json'], schema: manifestSchema(known) },
			{ uri: 'loam://schemas/page.json', fileMatch: ['*.page.json'], schema: pageSchema(known) },
			{ uri: 'loam://schemas/locale.json', fileMatch: ['**/locales/*.json'], schema: localeSchema }
		]
	});
}

const text = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more });
const choice = (words: readonly string[], description = ''): Schema => ({
	type: 'string',
	enum: words,
	description
});
const list = (items: Schema, description = ''): Schema => ({ type: 'array', items, description });
const object = (properties: Schema, more: Schema = {}): Schema => ({ type: 'object', properties, ...more });
const map = (values: Schema, names: readonly string[], description = ''): Schema => ({
	type: 'object',
	description,
	properties: Object.fromEntries(names.map((name) => [name, values])),
	additionalProperties: values
});

function manifestSchema(known: Known): Schema {
	const role = choice([...projectRoles, ...known.roles], 'A role: of the project, or one of this module.');
	const rule: Schema = {
		anyOf: [
			role,
			object({
				roles: list(role),
				where: text('Over the columns of the view: assignee_id = principal()')
			})
		]
	};
	const rules = list(rule, 'Who may; nothing listed means project-admins alone.');
	const view: Schema = {
		anyOf: [rules, object({ read: rules, columns: { type: 'object', additionalProperties: list(role) } })]
	};
	return object(
		{
			name: text('Lower snake_case; the address of the module.'),
			version: text('For people: 1.0.0'),
			title: text('What people read.'),
			icon: text('Name of an icon: ticket, board, people, calendar …'),
			description: text('One sentence.'),
			roles: map(object({ title: text('What people read.') }), known.roles, 'Roles that this module names.'),
			uses: list({ type: 'string' }, 'Other modules that this one needs.'),
			capabilities: list({ type: 'string' }),
			access: object({
				views: map(view, known.views, 'Who may read which view. Every table has a view of its name.'),
				commands: map(rules, known.verbs, 'Who may call which command.')
			}),
			navigation: list(
				object({
					title: text('What people read.'),
					page: choice(known.pages, 'Route of a page.'),
					icon: text('')
				})
			)
		},
		{ required: ['name', 'version', 'title'] }
	);
}

function pageSchema(known: Known): Schema {
	const binding = object(
		{
			view: choice(known.views, 'A view of the module, or a table.'),
			where: text("A filter: status = 'open' AND assignee_id = principal() AND id = param('id')"),
			order: list(text('A column, then asc or desc.')),
			limit: { type: 'integer', minimum: 1, maximum: 1000, description: '200 unless told.' },
			live: { type: 'boolean', description: 'Kept up to date; true unless told.' }
		},
		{ required: ['view'], defaultSnippets: [{ label: '{ view }', body: { view: '$1' } }] }
	);
	return {
		...object(
			{
				title: text('Title of the page; may hold ${…}.'),
				data: {
					type: 'object',
					description: 'The data of the page, by name.',
					additionalProperties: binding
				},
				card: { $ref: '#/definitions/card' }
			},
			{ required: ['title', 'card'] }
		),
		definitions: cardDefinitions(known)
	};
}

const localeSchema: Schema = { type: 'object', additionalProperties: text('The text in this language.') };

/* Cards, made from the vocabulary that the gate checks. */

const flag: Schema = { type: 'boolean' };

const everyElement: Schema = {
	id: text('Name of the element.'),
	spacing: choice(wordsOf('', 'spacing') ?? [], 'Space before the element.'),
	separator: { ...flag, description: 'A line before the element.' },
	isVisible: flag,
	$data: text('Repeats the element for each row: ${tickets}'),
	$when: text('Draws the element only where this holds: ${count > 0}')
};

const properties: Readonly<Record<string, readonly string[]>> = {
	TextBlock: [
		'text',
		'size',
		'weight',
		'color',
		'isSubtle',
		'wrap',
		'maxLines',
		'horizontalAlignment',
		'fontType',
		'style'
	],
	TextRun: [
		'text',
		'size',
		'weight',
		'color',
		'isSubtle',
		'italic',
		'strikethrough',
		'underline',
		'highlight',
		'fontType',
		'selectAction'
	],
	RichTextBlock: ['inlines', 'horizontalAlignment'],
	Image: ['url', 'altText', 'size', 'style', 'width', 'height', 'horizontalAlignment', 'selectAction'],
	Container: ['items', 'style', 'verticalContentAlignment', 'bleed', 'minHeight', 'selectAction'],
	Column: ['items', 'width', 'style', 'verticalContentAlignment', 'selectAction'],
	ColumnSet: ['columns', 'style', 'horizontalAlignment', 'selectAction'],
	Table: [
		'rows',
		'columns',
		'firstRowAsHeaders',
		'showGridLines',
		'gridStyle',
		'horizontalCellContentAlignment'
	],
	TableCell: ['items', 'style', 'verticalContentAlignment', 'selectAction'],
	TableRow: ['cells', 'style', 'horizontalCellContentAlignment'],
	TableColumnDefinition: ['width', 'horizontalCellContentAlignment'],
	'Input.Text': [
		'label',
		'value',
		'placeholder',
		'isMultiline',
		'maxLength',
		'regex',
		'isRequired',
		'errorMessage',
		'style'
	],
	'Input.Number': ['label', 'value', 'placeholder', 'min', 'max', 'isRequired', 'errorMessage'],
	'Input.Date': ['label', 'value', 'min', 'max', 'isRequired', 'errorMessage'],
	'Input.Time': ['label', 'value', 'min', 'max', 'isRequired', 'errorMessage'],
	'Input.Toggle': ['title', 'label', 'value', 'valueOn', 'valueOff', 'isRequired', 'errorMessage'],
	'Input.ChoiceSet': [
		'label',
		'value',
		'choices',
		'isMultiSelect',
		'style',
		'placeholder',
		'isRequired',
		'errorMessage'
	],
	'Action.Execute': ['title', 'verb', 'data', 'associatedInputs', 'style', 'then', 'tooltip'],
	'Action.Submit': ['title', 'data', 'associatedInputs', 'style'],
	'Action.OpenUrl': ['title', 'url', 'style', 'tooltip'],
	'Action.ShowCard': ['title', 'card', 'style'],
	'Action.ToggleVisibility': ['title', 'targetElements', 'style']
};

const flags = new Set([
	'isSubtle',
	'wrap',
	'italic',
	'strikethrough',
	'underline',
	'highlight',
	'bleed',
	'firstRowAsHeaders',
	'showGridLines',
	'isMultiline',
	'isRequired',
	'isMultiSelect'
]);

function cardDefinitions(known: Known): Schema {
	const types = Object.keys(elementRules);
	const actions = Object.keys(actionRules);
	const parts = Object.keys(partRules).filter((name) => !(name in elementRules));
	return {
		card: object({
			type: { const: 'AdaptiveCard' },
			version: choice(['1.5', '1.6']),
			body: list({ $ref: '#/definitions/element' }),
			actions: list({ $ref: '#/definitions/action' })
		}),
		element: oneOfTypes(types, known, 'An element of the card.'),
		action: oneOfTypes(actions, known, 'What the person can do.'),
		...Object.fromEntries(parts.map((name) => [name, object({ ...everyElement, ...own(name, known) })]))
	};
}

/** `type` first; what else there is follows from it. */
function oneOfTypes(types: readonly string[], known: Known, description: string): Schema {
	return {
		type: 'object',
		description,
		properties: { type: choice(types) },
		required: ['type'],
		defaultSnippets: types.map((type) => ({ label: type, body: { type, ...firstProperties(type) } })),
		allOf: types.map((type) => ({
			if: object({ type: { const: type } }, { required: ['type'] }),
			then: object({ ...everyElement, ...own(type, known) })
		}))
	};
}

function firstProperties(type: string): Schema {
	const required = elementRules[type]?.required ?? actionRules[type] ?? [];
	const values = required.map((name, i) => [name, isList(type, name) ? [`$${i + 1}`] : `$${i + 1}`] as const);
	return Object.fromEntries(type.startsWith('Action.') ? [['title', '$9'], ...values] : values);
}

function isList(type: string, name: string): boolean {
	const rule = elementRules[type];
	return Boolean(rule?.elements?.includes(name) || rule?.actions?.includes(name) || rule?.children?.[name]);
}

function own(type: string, known: Known): Schema {
	const rule = elementRules[type] ?? partRules[type];
	const names = new Set([
		...(properties[type] ?? []),
		...(rule?.required ?? []),
		...(rule?.elements ?? []),
		...(rule?.actions ?? []),
		...Object.keys(rule?.children ?? {})
	]);
	return Object.fromEntries([...names].map((name) => [name, propertySchema(type, name, known)]));
}

function propertySchema(type: string, name: string, known: Known): Schema {
	const rule = elementRules[type] ?? partRules[type];
	const child = rule?.children?.[name];
	if (rule?.elements?.includes(name)) return list({ $ref: '#/definitions/element' });
	if (rule?.actions?.includes(name)) return list({ $ref: '#/definitions/action' });
	if (child) return list({ $ref: `#/definitions/${child in elementRules ? 'element' : child}` });
	if (name === 'card') return { $ref: '#/definitions/card' };
	if (name === 'selectAction') return { $ref: '#/definitions/action' };
	if (name === 'verb') return choice(known.verbs, 'The command that is called.');
	if (name === 'associatedInputs') return choice(['auto', 'none']);
	if (name === 'then')
		return object({ open: text('A page: tickets/${$response.id}'), message: text('Said afterwards.') });
	if (name === 'data') return { type: 'object', description: 'Fields of the request beside the inputs.' };
	if (flags.has(name)) return flag;
	const words = wordsOf(type, name);
	return words ? choice(words) : {};
}
