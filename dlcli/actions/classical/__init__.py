"""The classical methods that a network is compared with: one list, a file each, in the order of their history."""

from __future__ import annotations

from dlcli.actions.classical.decision_tree import DECISION_TREE
from dlcli.actions.classical.gradient_boosting import GRADIENT_BOOSTING
from dlcli.actions.classical.kernel_svm import KERNEL_SVM
from dlcli.actions.classical.linear import LINEAR
from dlcli.actions.classical.naive_bayes import NAIVE_BAYES
from dlcli.actions.classical.random_forest import RANDOM_FOREST

METHODS = (NAIVE_BAYES, LINEAR, KERNEL_SVM, DECISION_TREE, RANDOM_FOREST, GRADIENT_BOOSTING)
"""All methods. A new one costs a file here, its import and its line."""
