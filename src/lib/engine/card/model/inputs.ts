import type { Json } from '#kernel';
import { compileAction } from './actions.ts';
import type { Common } from './elements.ts';
import {
	isObject,
	objects,
	readBoolean,
	readContent,
	readNumber,
	readOptional,
	readString,
	slot,
	word,
	type JsonObject
} from './json.ts';
import type { Choice, Input, Slot } from './types.ts';

/** The six inputs. An input without an id can't be submitted, but is shown. */
export function compileInput(json: JsonObject, common: Common): Input | undefined {
	const base = {
		...common,
		label: readString(json['label']),
		required: readBoolean(json['isRequired'], false),
		errorMessage: readString(json['errorMessage']),
		value: readString(json['value']),
		placeholder: readString(json['placeholder'])
	};
	switch (json['type']) {
		case 'Input.Text':
			return { ...base, kind: 'Input.Text', ...text(json) };
		case 'Input.Number':
			return { ...base, kind: 'Input.Number', min: readNumber(json['min']), max: readNumber(json['max']) };
		case 'Input.Date':
			return {
				...base,
				kind: 'Input.Date',
				time: json['time'] === true,
				min: readOptional(json['min']),
				max: readOptional(json['max'])
			};
		case 'Input.Time':
			return { ...base, kind: 'Input.Time', min: readOptional(json['min']), max: readOptional(json['max']) };
		case 'Input.Toggle':
			return { ...base, kind: 'Input.Toggle', ...toggle(json) };
		case 'Input.ChoiceSet':
			return { ...base, kind: 'Input.ChoiceSet', ...choiceSet(json) };
		default:
			return undefined;
	}
}

function text(json: JsonObject) {
	const inline = json['inlineAction'];
	const longest = json['maxLength'];
	return {
		style: word(json['style'], ['text', 'tel', 'url', 'email', 'password'], 'text'),
		multiline: json['isMultiline'] === true,
		maxLength: typeof longest === 'number' && longest > 0 ? longest : undefined,
		pattern: pattern(json['regex']),
		// There is no room for a card beside a line of text.
		inline: isObject(inline) && inline['type'] !== 'Action.ShowCard' ? compileAction(inline) : undefined
	};
}

function pattern(json: Json | undefined): RegExp | undefined {
	if (typeof json !== 'string' || json === '') return undefined;
	try {
		return new RegExp(json);
	} catch {
		return undefined;
	}
}

function toggle(json: JsonObject) {
	return {
		title: readContent(json['title']),
		valueOn: typeof json['valueOn'] === 'string' ? json['valueOn'] : 'true',
		valueOff: typeof json['valueOff'] === 'string' ? json['valueOff'] : 'false',
		plain: json['valueOn'] === undefined && json['valueOff'] === undefined
	};
}

function choiceSet(json: JsonObject) {
	const choices = objects(json['choices']).map((choice): Slot<Choice> =>
		slot(choice, { title: readString(choice['title']), value: readString(choice['value']) })
	);
	const style = word(json['style'], ['compact', 'expanded', 'filtered'], 'compact');
	return { choices, multiple: json['isMultiSelect'] === true, asList: json['asList'] === true, style };
}
