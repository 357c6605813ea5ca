// Forms marked data-passkey ask the device before they are sent: "create" for a new passkey, "get" to sign in by one.

document.addEventListener('submit', async event => {
  const form = event.target;
  if (!form.matches('[data-passkey]')) {
    return;
  }

  event.preventDefault();
  const problem = form.querySelector('[data-passkey-problem]');
  const say = text => {
    problem.textContent = text;
    problem.hidden = !text;
  };
  say('');
  try {
    const answer = await fetch(form.dataset.options, { method: 'POST', body: new FormData(form) });
    if (!answer.ok) {
      say(await answer.text());
      return;
    }

    const options = await answer.json();
    const credential = form.dataset.passkey === 'create'
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    form.querySelector('[name$=".Credential"]').value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    say(error.name === 'NotAllowedError' ? 'The device was not asked to the end. Nothing was changed.' : `This browser cannot do that: ${error.message}`);
  }
});
