"use strict";

(async () => {
  const place = document.getElementById("viewer");
  const token = document.getElementById("token")?.textContent;

  const load = async () => {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error(`/openapi.json was answered ${answer.status}`);
    return answer.json();
  };

  // The contract as the viewer shows it best.
  const prepare = (contract) => {
    const follow = (node) =>
      node.$ref ? follow(node.$ref.split("/").slice(1).reduce((at, key) => at[key], contract)) : node;

    // The viewer leaves references in a path's own parameters unresolved, and fills in an example only where the
    // parameter itself has one.
    const fill = (parameter) => {
      const [example] = follow(parameter.schema).examples ?? [];
      return parameter.required && example ? { example, ...parameter } : parameter;
    };

    // Else it would print them as one line of JSON.
    const tabulate = ({ description, numbers }, responses) => {
      const text = (response, example) =>
        follow(follow(responses[response]).content["application/json"].examples[example]).value.error;
      const answer = ({ ends, response, example }) =>
        ends ? `accepted, and the job ends ${ends}` : `${response}, \`${text(response, example)}\``;
      const rows = Object.entries(numbers).map(([number, trigger]) => `| ${number} | ${answer(trigger)} |`);
      return ["", "", description, "", "| number | answer |", "|---|---|", ...rows].join("\n");
    };

    for (const path of Object.values(contract.paths)) {
      for (const operation of Object.values(path).filter((value) => value.operationId)) {
        const parameters = [...(path.parameters ?? []), ...(operation.parameters ?? [])];
        operation.parameters = parameters.map(follow).map(fill);
        const triggers = operation["x-triggers"];
        if (triggers) operation.description += tabulate(triggers, operation.responses);
        delete operation["x-triggers"];
      }
      delete path.parameters;
    }

    // The page may be reached by another address than the mock's public one, and may only call its own.
    contract.servers = [{ url: location.origin, description: "This mock" }];
    return contract;
  };

  // The viewer percent-encodes what it puts into a path; the API wants ids raw. Any other encoding stays.
  const sendRaw = (request) => {
    const [, path, rest] = /^([^?#]*)(.*)$/s.exec(request.url);
    request.url = path.replaceAll("%3A", ":").replaceAll("%40", "@") + rest;
    return request;
  };

  const show = (contract) => {
    const ui = SwaggerUIBundle({
      spec: contract,
      domNode: place,
      presets: [SwaggerUIBundle.presets.apis],
      layout: "BaseLayout", // the other one brings a bar to load foreign documents
      validatorUrl: null,
      queryConfigEnabled: false,
      deepLinking: true,
      tryItOutEnabled: true,
      showExtensions: true, // x-provenance: how each fact is known
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
      requestInterceptor: sendRaw,
      onComplete: () => token && ui.preauthorizeApiKey("token", token),
    });
    // The viewer follows the address's fragment at load only; the header's links change it later.
    window.addEventListener("hashchange", () => {
      ui.layoutActions.parseDeepLinkHash(location.hash);
      document.getElementById(`operations${location.hash.slice(1).replaceAll("/", "-")}`)?.scrollIntoView();
    });
  };

  try {
    show(prepare(await load()));
  } catch (error) {
    place.className = "failure";
    place.textContent = `The contract can't be shown: ${error.message}`;
  }
})();
