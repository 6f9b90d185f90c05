document.getElementById("client").textContent = "The client script of the first version has run.";
