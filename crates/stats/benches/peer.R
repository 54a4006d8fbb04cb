# CPU time of R's nlme::gls for the model of one reference fit: Rscript peer.R NAME
# An unstructured covariance is corSymm with varIdent; gls gives no Kenward-Roger, so this is the fit alone.
suppressMessages(library(nlme))
name <- commandArgs(TRUE)[1]
models <- list(
  p01_us_reml_main = list(data = "p01_caps_n104.csv", fixed = CHG ~ BASE + SITE + DISSOC + ARM * AVISIT),
  p07_us_reml_n5000 = list(data = "p07_n5000x4.csv", fixed = CHG ~ BASE + SITE + DISSOC + ARM * AVISIT),
  p10_us_reml_n1000x8 = list(data = "p10_n1000x8.csv", fixed = CHG ~ BASE + ARM * AVISIT))
model <- models[[name]]
folder <- file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "..", "tests", "reference", "mmrm", "data")
data <- read.csv(file.path(folder, model$data), stringsAsFactors = TRUE)
data <- data[!is.na(data$CHG), ]
data$ARM <- relevel(data$ARM, "PLACEBO")
data$v <- as.integer(data$AVISIT)
before <- proc.time()
fit <- gls(model$fixed, data, correlation = corSymm(form = ~ v | USUBJID), weights = varIdent(form = ~ 1 | AVISIT), method = "REML",
           control = glsControl(maxIter = 200, msMaxIter = 500))
spent <- proc.time() - before
cat(sprintf("%.4f %.6f\n", spent[["user.self"]] + spent[["sys.self"]], -as.numeric(logLik(fit))))
