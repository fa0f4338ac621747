import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { nearest, type Diagnostic } from '#kernel';
import { spanOf } from '#engine/module';
import {
	inputsAround,
	type CardAction,
	type CardInput,
	type CardParts,
	type CardScope,
	type CardText
} from './actions.ts';

/** An action with the request that its command takes. */
export interface Call {
	readonly action: CardAction;
	readonly verb: string;
	readonly request: DescMessage;
}

/** Past it a page's findings tell nothing new, and a page made to break the gate has millions. */
const mostFindings = 50;

/**
 * What actions send must be fields of the requests of their commands, of a kind that they take: the call
 * would be refused when the button is pressed.
 */
export function checkRequests(
	file: string,
	source: string,
	{ inputs }: CardParts,
	calls: readonly Call[]
): Diagnostic[] {
	const found: Diagnostic[] = [];
	const report: ReportAt = (node, severity, reason, message, hint) =>
		found.push({ severity, file, ...spanOf(source, node.offset, node.length), reason, message, hint });
	const sent = senders(inputs, calls);
	const fine = new Set<string>();
	for (const call of calls) {
		for (const key of call.action.data) if (!fieldOf(call.request, key.text)) unknownKey(call, key, report);
		const before = found.length;
		// What one action sends well, the next with the same inputs and the same request sends well too.
		if (!fine.has(sent.groupOf(call))) {
			for (const input of sent.of(call)) {
				if (found.length >= mostFindings) return found;
				checkInput(call, input, sent, report);
			}
		}
		if (found.length === before) fine.add(sent.groupOf(call));
		if (found.length >= mostFindings) return found;
	}
	return found;
}

interface Senders {
	/** Names what a call sends and where to. */
	groupOf(call: Call): string;
	/** The inputs that a call sends. */
	of(call: Call): readonly CardInput[];
	/** Whether some call that sends the input has a field for it. */
	isTaken(input: CardInput): boolean;
}

/** Scopes are few where actions and inputs are many. */
function senders(inputs: readonly CardInput[], calls: readonly Call[]): Senders {
	const byScope = new Map<CardScope, readonly CardInput[]>();
	const of = ({ action }: Call): readonly CardInput[] => {
		if (!action.sendsInputs) return [];
		const sent = byScope.get(action.scope) ?? inputsAround(action.scope, inputs);
		byScope.set(action.scope, sent);
		return sent;
	};
	const scopes = new Map<CardScope, number>();
	const groupOf = ({ action, request }: Call): string => {
		const number = scopes.get(action.scope) ?? scopes.size;
		scopes.set(action.scope, number);
		return `${action.sendsInputs ? number : 'none'}:${request.typeName}`;
	};
	const groups = new Map(calls.map((call) => [groupOf(call), call]));
	const isTaken = (input: CardInput) =>
		[...groups.values()].some((call) => fieldOf(call.request, input.id.text) && of(call).includes(input));
	return { of, isTaken, groupOf };
}

type ReportAt = (
	node: { readonly offset: number; readonly length: number },
	severity: Diagnostic['severity'],
	reason: string,
	message: string,
	hint: string
) => void;

/** Requests take the names of schema.proto, and lowerCamelCase as JSON writes them. */
function fieldOf(request: DescMessage, name: string): DescField | undefined {
	const known = fieldNames.get(request);
	const fields =
		known ??
		new Map(
			request.fields.flatMap((field) => [[field.jsonName, field] as const, [field.name, field] as const])
		);
	if (!known) fieldNames.set(request, fields);
	return fields.get(name);
}

const fieldNames = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

function unknownKey({ verb, request }: Call, key: CardText, report: ReportAt): void {
	report(
		key.node,
		'error',
		'REQUEST_FIELD_UNKNOWN',
		`"${key.text}" is no field of ${request.name}, the request of ${verb}.`,
		fieldsHint(request, key.text)
	);
}

function checkInput(call: Call, input: CardInput, sent: Senders, report: ReportAt): void {
	const { action, verb, request } = call;
	const { text: id, node } = input.id;
	const field = fieldOf(request, id);
	if (field) {
		const problem = kindProblem(input.type, field);
		if (problem)
			report(node, 'error', 'REQUEST_FIELD_KIND', `${problem[0]}, in ${request.name}.`, problem[1]);
		return;
	}
	// What is drawn in some cases alone may never meet.
	const severity = action.isConditional || input.isConditional ? 'warning' : 'error';
	if (action.verb && sent.isTaken(input)) {
		const message = `${verb} is sent the input "${id}" too, which is no field of its ${request.name}.`;
		report(action.verb, severity, 'REQUEST_FIELD_UNKNOWN', message, apart);
		return;
	}
	const message = `"${id}" is no field of ${request.name}, the request of ${verb}.`;
	report(node, severity, 'REQUEST_FIELD_UNKNOWN', message, `${fieldsHint(request, id)} ${alone}`);
}

const alone = 'Give the action "associatedInputs": "none" where it sends no inputs.';
const apart = `${alone} Where it sends others, put this input and its own action into a Container with "$data": "\${$root}".`;

function fieldsHint(request: DescMessage, word: string): string {
	const names = request.fields.map((field) => field.name);
	const near = nearest(word, names);
	const list =
		names.length > 0
			? `Fields are: ${names.slice(0, 40).join(', ')}.`
			: `${request.name} has no fields yet: add one in schema.proto.`;
	return near ? `Did you mean "${near}"? ${list}` : list;
}

/** What is wrong, and what to do, where a kind of input never fits a kind of field. */
function kindProblem(type: string, field: DescField): readonly [string, string] | undefined {
	const isBool = field.fieldKind === 'scalar' && field.scalar === ScalarType.BOOL;
	const isText = field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING;
	if (isBool && type !== 'Input.Toggle') {
		return [`"${field.name}" is a bool, and ${type} sends something else`, 'Use Input.Toggle.'];
	}
	if (isText && type === 'Input.Number') {
		return [
			`"${field.name}" is a string, and Input.Number sends a number`,
			'Use Input.Text, or make the field a number.'
		];
	}
	return undefined;
}
