import type { Json } from '#kernel';
import type { PageSpec } from '#engine/module';
import { formOfTable, type ColumnSpec, type FormField, type TableSpec } from '#engine/schema';
import { referenceBindings, referenceOf, rowAddress, text } from './cells.ts';
import { back, missing, rowBinding } from './detail.ts';
import type { Viewer } from './viewer.ts';

/** The form that makes a row. */
export function createPage(table: TableSpec, verb: string, viewer: Viewer): PageSpec {
	const fields = fillable(table, viewer);
	const label = table.label.toLowerCase();
	return {
		file: `generated/${table.name}/new`,
		route: [table.name, 'new'],
		title: `New ${label}`,
		data: referenceBindings(table.columns, viewer),
		card: {
			type: 'AdaptiveCard',
			version: '1.6',
			body: [
				back(table),
				text(`New ${label}`, { style: 'heading', size: 'extraLarge', spacing: 'small' }),
				...fields.flatMap((field) => [
					input(field, table, viewer, field.initial),
					...nothingToChoose(field, table, viewer)
				])
			],
			actions: [
				{
					type: 'Action.Execute',
					title: `Create ${label}`,
					style: 'positive',
					verb,
					then: { open: opened(table, '$response'), message: `${table.label} created` }
				},
				{ type: 'Action.OpenUrl', title: 'Cancel', url: table.name }
			]
		}
	};
}

/** The form that changes a row; what was emptied is sent as nothing, by name. */
export function editPage(table: TableSpec, verb: string, viewer: Viewer): PageSpec {
	const readable = new Set(viewer.columns(table).map((column) => column.name));
	const fields = fillable(table, viewer).filter(
		(field) => readable.has(field.name) && !table.key.includes(field.name)
	);
	const [key] = table.key as [string];
	return {
		file: `generated/${table.name}/[id]/edit`,
		route: [table.name, '[id]', 'edit'],
		title: `Edit ${table.label.toLowerCase()}`,
		data: { item: rowBinding(table), ...referenceBindings(table.columns, viewer) },
		card: {
			type: 'AdaptiveCard',
			version: '1.6',
			body: [
				back(table),
				missing(table),
				{
					type: 'Container',
					$data: '${item}',
					spacing: 'small',
					items: [
						text(`Edit ${table.label.toLowerCase()}`, { style: 'heading', size: 'extraLarge' }),
						...fields.map((field) => input(field, table, viewer, valueOf(field))),
						{
							type: 'ActionSet',
							spacing: 'large',
							actions: [
								{
									type: 'Action.Execute',
									title: 'Save',
									style: 'positive',
									verb,
									data: { [key]: `\${${key}}`, update_mask: fields.map(({ name }) => camel(name)).join(',') },
									then: { open: opened(table, '$data'), message: 'Saved' }
								},
								{ type: 'Action.OpenUrl', title: 'Cancel', url: opened(table, '$data') }
							]
						}
					]
				}
			]
		}
	};
}

/** Fields that a plain form can hold; the rest keeps its default. */
function fillable(table: TableSpec, viewer: Viewer): FormField[] {
	const known = new Set(viewer.columns(table).map((column) => column.name));
	return formOfTable(table).filter(
		(field) => field.input !== 'json' && (known.has(field.name) || field.required)
	);
}

/** A row whose key is of several columns has no detail. */
function opened(table: TableSpec, of: string): string {
	return table.key.length === 1 ? rowAddress(table, `${of}.`) : table.name;
}

/** The names of a FieldMask are in camel case in JSON. */
function camel(name: string): string {
	return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function valueOf(field: FormField): string {
	return field.input === 'choices' ? `\${join(${field.name}, ',')}` : `\${${field.name}}`;
}

function input(field: FormField, table: TableSpec, viewer: Viewer, value: string | undefined): Json {
	const base: Record<string, Json> = {
		id: field.name,
		label: field.label,
		isRequired: field.required,
		...(value === undefined ? {} : { value })
	};
	switch (field.input) {
		case 'text':
			return { ...base, type: 'Input.Text', ...limit(field) };
		case 'multiline':
			return { ...base, type: 'Input.Text', isMultiline: true, ...limit(field) };
		case 'integer':
		case 'number':
			return { ...base, type: 'Input.Number' };
		case 'toggle':
			return { ...base, type: 'Input.Toggle', title: field.label, label: '' };
		case 'date':
			return { ...base, type: 'Input.Date' };
		case 'datetime':
			return { ...base, type: 'Input.Date', time: true };
		case 'choice':
			return {
				...base,
				type: 'Input.ChoiceSet',
				...(columnOf(field, table).nullable ? { placeholder: 'None' } : {}),
				choices: choices(field.values ?? [])
			};
		case 'choices':
			return {
				...base,
				type: 'Input.ChoiceSet',
				isMultiSelect: true,
				asList: true,
				choices: choices(field.values ?? [])
			};
		case 'reference':
			return referenceInput(field, table, viewer, base);
		case 'json':
			return text('');
	}
}

function limit(field: FormField): Record<string, Json> {
	return field.maxLength === undefined ? {} : { maxLength: field.maxLength };
}

function choices(values: readonly string[]): Json {
	return values.map((value) => ({
		title: value.charAt(0).toUpperCase() + value.slice(1).replaceAll('_', ' '),
		value
	}));
}

function columnOf(field: FormField, table: TableSpec): ColumnSpec {
	return table.columns.find((candidate) => candidate.name === field.name)!;
}

/** What to do first, where the row must belong to another and there is none. */
function nothingToChoose(field: FormField, table: TableSpec, viewer: Viewer): Json[] {
	const reference = field.required ? referenceOf(columnOf(field, table), viewer) : undefined;
	const other = reference && viewer.table(reference.table);
	if (!reference || !other) return [];
	const name = other.label.toLowerCase();
	const step = viewer.method(other, 'create') ? ` [Create one first](${other.name}/new).` : '';
	const $when = `\${count($root.${reference.binding}) == 0}`;
	return [text(`There is no ${name} yet.${step}`, { $when, isSubtle: true, spacing: 'small' })];
}

function referenceInput(
	field: FormField,
	table: TableSpec,
	viewer: Viewer,
	base: Record<string, Json>
): Json {
	const reference = referenceOf(columnOf(field, table), viewer);
	if (!reference) return { ...base, type: 'Input.Text' };
	const choice = {
		$data: `\${$root.${reference.binding}}`,
		title: `\${${reference.label}}`,
		value: `\${${reference.key}}`
	};
	return {
		...base,
		type: 'Input.ChoiceSet',
		placeholder: field.required ? 'Choose…' : 'None',
		choices: [choice]
	};
}
